package io.moonglass.clients;

import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;

/// Where a picture, video or document is. What is here is sent with the request, or uploaded before it if it is large
/// ([ClientBuilder#uploadOver]).
public sealed interface MediaSource {

    /// @param bytes a whole encoded file, which must not change
    record Bytes(byte[] bytes) implements MediaSource {

        public Bytes {
            Objects.requireNonNull(bytes, "bytes");
        }

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
    record LocalFile(Path path) implements MediaSource {

        public LocalFile {
            Objects.requireNonNull(path, "path");
        }
    }

    /// An address that the server fetches (`https:`), or that has it all (`data:`).
    record Address(String address) implements MediaSource {

        private static final int MAX_SHOWN_CHARS = 200;

        public Address {
            Objects.requireNonNull(address, "address");
        }

        /// Only the beginning of what has it all.
        @Override
        public String toString() {
            String shown =
                    address.length() <= MAX_SHOWN_CHARS
                            ? address
                            : address.substring(0, MAX_SHOWN_CHARS)
                                    + "… (%,d characters)".formatted(address.length());
            return "Address[%s]".formatted(shown);
        }
    }

    /// A file that was uploaded before.
    ///
    /// @param id the file's id or its `sha256:…`
    record Uploaded(String id) implements MediaSource {

        public Uploaded {
            Objects.requireNonNull(id, "id");
        }
    }

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
