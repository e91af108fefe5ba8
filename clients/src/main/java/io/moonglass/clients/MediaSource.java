package io.moonglass.clients;

import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;

/// Where a picture, video or document is. What is here is sent with the request, or uploaded before it if it is large
/// ([ClientBuilder#uploadOver]).
public sealed interface MediaSource {

    /// @param bytes a whole encoded file, which must not change
    record Bytes(byte[] bytes) implements MediaSource {

        @Override
        public boolean equals(Object other) {
            return other instanceof Bytes same && Arrays.equals(bytes, same.bytes);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }

        @Override
        public String toString() {
            return "Bytes[%,d]".formatted(bytes.length);
        }
    }

    /// A file of this machine, read when the request is sent.
    record LocalFile(Path path) implements MediaSource {}

    /// An address that the server fetches (`https:`), or that has it all (`data:`).
    record Address(String address) implements MediaSource {}

    /// A file that was uploaded before.
    ///
    /// @param id the file's id or its `sha256:…`
    record Uploaded(String id) implements MediaSource {}

    static MediaSource of(byte[] bytes) {
        return new Bytes(bytes);
    }

    static MediaSource of(Path path) {
        return new LocalFile(path);
    }

    /// @param address `https:` or `data:` for the server; a `file:` of this machine is read here
    static MediaSource of(URI address) {
        return "file".equalsIgnoreCase(address.getScheme())
                ? new LocalFile(Path.of(address))
                : new Address(address.toString());
    }

    static MediaSource of(UploadedFile file) {
        return new Uploaded(file.id());
    }
}
