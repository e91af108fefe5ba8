package io.moonglass.runtime.media;

import io.moonglass.loader.digest.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A file that media are decoded from.
///
/// @param content   stands for its bytes
/// @param release run when nobody needs it any more
record MediaFile(Path path, Digest content, Runnable release) implements AutoCloseable {

    /// One that stays.
    static MediaFile lasting(Path path, Digest content) {
        return new MediaFile(path, content, () -> {});
    }

    /// The first bytes, which say what it is.
    byte[] head(int maxBytes) {
        try (InputStream in = Files.newInputStream(path)) {
            return in.readNBytes(maxBytes);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read a media file", e);
        }
    }

    @Override
    public void close() {
        release.run();
    }
}
