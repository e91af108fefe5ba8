package io.moonglass.runtime;

import java.util.OptionalLong;

/// One part of a chat message; parts keep the order in which the user wrote them.
public sealed interface ContentPart {

    record Text(String text) implements ContentPart {}

    /// A `data:` address as the caller sent it; nothing is decoded yet.
    ///
    /// @param maxPixels what the picture is shrunk to if it is larger; empty for the model's own limit
    record ImageUrl(String url, OptionalLong maxPixels) implements ContentPart {

        public ImageUrl(String url) {
            this(url, OptionalLong.empty());
        }
    }

    /// An encoded picture (PNG, JPEG, WebP, GIF or BMP) that the caller already holds.
    ///
    /// @param maxPixels what the picture is shrunk to if it is larger; empty for the model's own limit
    record ImageBytes(byte[] bytes, OptionalLong maxPixels) implements ContentPart {

        public ImageBytes(byte[] bytes) {
            this(bytes, OptionalLong.empty());
        }
    }
}
