package io.moonglass.clients;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/// Finds what stands in a request for a medium: its address, its id, or itself in base64. What is too large for that
/// is uploaded first.
final class MediaAddresses {

    private final AsyncFilesClient files;
    private final UploadedIds uploaded;
    private final long uploadOver;

    MediaAddresses(AsyncFilesClient files, UploadedIds uploaded, long uploadOver) {
        this.files = files;
        this.uploaded = uploaded;
        this.uploadOver = uploadOver;
    }

    /// Uploads what must be; cancelling the future ends that.
    ///
    /// @return what finds the address of each of the sources
    /// @throws UncheckedIOException if a file cannot be read
    CompletableFuture<Function<MediaSource, String>> of(Collection<MediaSource> sources) {
        Map<MediaSource, CompletableFuture<String>> uploads = new HashMap<>();
        for (MediaSource source : sources) {
            if (isLarge(source)) {
                uploads.computeIfAbsent(source, this::upload);
            }
        }
        List<CompletableFuture<String>> all = new ArrayList<>(uploads.values());
        CompletableFuture<Function<MediaSource, String>> addresses =
                CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                        .thenApply(done ->
                                source -> {
                                    CompletableFuture<String> id = uploads.get(source);
                                    return id == null ? here(source) : id.join();
                                });
        addresses.whenComplete((done, fault) -> {
            if (fault != null) {
                all.forEach(upload -> upload.cancel(true));
            }
        });
        return addresses;
    }

    private CompletableFuture<String> upload(MediaSource source) {
        String known = uploaded.find(source).orElse(null);
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        CompletableFuture<UploadedFile> upload =
                files.upload(nameOf(source), source, UploadedIds.EXPIRY);
        CompletableFuture<String> id =
                upload.handle((file, fault) -> {
                    if (fault == null) {
                        uploaded.remember(source, file.id());
                        return file.id();
                    }
                    if (!keepsNoFiles(fault)) {
                        throw fault instanceof CompletionException
                                ? (CompletionException) fault
                                : new CompletionException(fault);
                    }
                    uploaded.rememberThatServerKeepsNone();
                    return here(source);
                });
        id.whenComplete((done, fault) -> upload.cancel(true)); // of no effect on one that has ended
        return id;
    }

    private static boolean keepsNoFiles(Throwable fault) {
        Throwable cause = fault instanceof CompletionException ? fault.getCause() : fault;
        return cause instanceof MoonglassException told
                && List.of(404, 405, 501).contains(told.status());
    }

    private boolean isLarge(MediaSource source) {
        if (uploaded.serverKeepsNone()) {
            return false;
        }
        if (source instanceof MediaSource.Bytes inMemory) {
            return inMemory.bytes().length > uploadOver;
        }
        return source instanceof MediaSource.LocalFile file && sizeOf(file.path()) > uploadOver;
    }

    /// What stands in the request itself.
    private static String here(MediaSource source) {
        if (source instanceof MediaSource.Address there) {
            return there.address();
        }
        if (source instanceof MediaSource.Uploaded before) {
            return before.id();
        }
        byte[] bytes =
                source instanceof MediaSource.LocalFile file
                        ? read(file.path())
                        : ((MediaSource.Bytes) source).bytes();
        return "data:%s;base64,%s"
                .formatted(MediaType.of(bytes), Base64.getEncoder().encodeToString(bytes));
    }

    private static String nameOf(MediaSource source) {
        return source instanceof MediaSource.LocalFile file
                ? file.path().getFileName().toString()
                : "medium";
    }

    private static long sizeOf(Path path) {
        try {
            return Files.size(path);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private static byte[] read(Path path) {
        try {
            return Files.readAllBytes(path);
        } catch (IOException e) {
            throw unreadable(path, e);
        }
    }

    private static UncheckedIOException unreadable(Path path, IOException cause) {
        return new UncheckedIOException(path + " cannot be read", cause);
    }
}
