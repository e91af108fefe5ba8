package io.moonglass.runtime;

/// One part of a chat message; parts keep the order in which the user wrote them.
public sealed interface ContentPart {

    record Text(String text) implements ContentPart {}

    /// A `data:` address as the caller sent it; nothing is decoded yet.
    record ImageUrl(String url) implements ContentPart {}

    /// An encoded picture (PNG, JPEG, WebP, GIF or BMP) that the caller already holds.
    record ImageBytes(byte[] bytes) implements ContentPart {}
}
