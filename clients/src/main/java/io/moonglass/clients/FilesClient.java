package io.moonglass.clients;

import java.nio.file.Path;
import java.time.Duration;

/// The files of this key that the server keeps: sent once, shown to the model by id as often as wanted. All methods
/// throw a [MoonglassException] if there is no answer, or it is an error.
public final class FilesClient {

    private final Transport transport;
    private final AsyncFilesClient files;

    FilesClient(Transport transport, AsyncFilesClient files) {
        this.transport = transport;
        this.files = files;
    }

    /// Sends a file, which is read as it is sent. It stays until it is deleted, or the server's own limit.
    public UploadedFile upload(Path file) {
        return transport.await(files.upload(file));
    }

    /// @param name as which the server lists it
    public UploadedFile upload(String name, byte[] bytes) {
        return transport.await(files.upload(name, bytes));
    }

    /// @param expiresAfter a minute to 30 days, after which the server deletes it
    public UploadedFile upload(String name, MediaSource source, Duration expiresAfter) {
        return transport.await(files.upload(name, source, expiresAfter));
    }

    /// The files, newest first, as many as the server lists at once.
    public FileList list() {
        return transport.await(files.list());
    }

    /// @param limit at most so many
    /// @param after the id after which the list goes on; null for its beginning
    public FileList list(int limit, String after) {
        return transport.await(files.list(limit, after));
    }

    /// @throws NotFoundException if there is no such file of this key
    public UploadedFile get(String id) {
        return transport.await(files.get(id));
    }

    /// The file's bytes, up to a GiB.
    ///
    /// @throws NotFoundException if there is no such file of this key
    public byte[] content(String id) {
        return transport.await(files.content(id));
    }

    /// @throws NotFoundException if there is no such file of this key
    public void delete(String id) {
        transport.await(files.delete(id));
    }
}
