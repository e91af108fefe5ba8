package io.moonglass.runtime;

import io.moonglass.loader.digest.Digest;
import io.moonglass.vision.image.EncodedPicture;
import java.nio.file.Path;

/// Where the bytes of a picture, video or document are. Nothing is fetched or decoded yet.
public sealed interface MediaSource {

    /// A `data:`, `https:` or `file:` address as the caller sent it; whether it may be fetched is found out when it is.
    record Address(String url) implements MediaSource {}

    /// Bytes that the caller already holds.
    record Bytes(byte[] bytes) implements MediaSource {}

    /// A file of this machine that the caller may read, such as one that was uploaded.
    ///
    /// @param content stands for its bytes
    record Stored(Path file, Digest content) implements MediaSource {}

    /// A picture that is drawn when it is wanted, such as a part of a page.
    ///
    /// @param content stands for its pixels
    record Drawn(EncodedPicture picture, Digest content) implements MediaSource {}
}
