package io.moonglass.clients;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/// The files of this key that the server keeps, as futures. Cancelling one ends what it waits for; what the methods
/// mean [FilesClient] says.
public final class AsyncFilesClient {

    private static final String PATH = "/v1/files";

    private final Transport transport;
    private final UploadedIds uploaded;

    private record Deleted(boolean deleted) {}

    AsyncFilesClient(Transport transport, UploadedIds uploaded) {
        this.transport = transport;
        this.uploaded = uploaded;
    }

    /// @see FilesClient#upload(Path)
    public CompletableFuture<UploadedFile> upload(Path file) {
        return upload(file.getFileName().toString(), MediaSource.of(file), Optional.empty());
    }

    /// @see FilesClient#upload(String, byte[])
    public CompletableFuture<UploadedFile> upload(String name, byte[] bytes) {
        return upload(name, MediaSource.of(bytes), Optional.empty());
    }

    /// @see FilesClient#upload(String, MediaSource, Duration)
    public CompletableFuture<UploadedFile> upload(
            String name, MediaSource source, Duration expiresAfter) {
        return upload(name, source, Optional.of(expiresAfter));
    }

    private CompletableFuture<UploadedFile> upload(
            String name, MediaSource source, Optional<Duration> expiresAfter) {
        String boundary = MultipartForm.newBoundary();
        return transport.send(
                Call.once(
                        PATH,
                        MultipartForm.contentType(boundary),
                        () -> form(boundary, name, source, expiresAfter).body()),
                UploadedFile.class);
    }

    private static MultipartForm form(
            String boundary, String name, MediaSource source, Optional<Duration> expiresAfter) {
        MultipartForm form = new MultipartForm(boundary);
        form.field("purpose", "user_data");
        expiresAfter.ifPresent(time -> {
            form.field("expires_after[anchor]", "created_at");
            form.field("expires_after[seconds]", String.valueOf(time.toSeconds()));
        });
        form.file("file", name, source);
        return form;
    }

    /// @see FilesClient#list()
    public CompletableFuture<FileList> list() {
        return transport.send(Call.get(PATH), FileList.class);
    }

    /// @see FilesClient#list(int, String)
    public CompletableFuture<FileList> list(int limit, String after) {
        String query = "?limit=" + limit + (after == null ? "" : "&after=" + encoded(after));
        return transport.send(Call.get(PATH + query), FileList.class);
    }

    /// @see FilesClient#get(String)
    public CompletableFuture<UploadedFile> get(String id) {
        return transport.send(Call.get(pathOf(id)), UploadedFile.class);
    }

    /// @see FilesClient#content(String)
    public CompletableFuture<byte[]> content(String id) {
        return transport.send(Call.get(pathOf(id) + "/content"), body -> body);
    }

    /// @see FilesClient#delete(String)
    public CompletableFuture<Boolean> delete(String id) {
        uploaded.forget(id);
        return transport.send(
                Call.delete(pathOf(id)),
                body -> Json.MAPPER.readValue(body, Deleted.class).deleted());
    }

    private static String pathOf(String id) {
        return PATH + "/" + encoded(id);
    }

    private static String encoded(String part) {
        return Transport.encoded(part);
    }
}
