package io.moonglass.runtime;

import java.util.OptionalLong;

/// One part of a chat message; parts keep the order in which the user wrote them.
public sealed interface ContentPart {

    record Text(String text) implements ContentPart {}

    /// A picture, of which nothing is decoded yet.
    sealed interface Picture extends ContentPart {

        /// What the picture is shrunk to if it has more pixels; empty for the model's own limit.
        OptionalLong maxPixels();

        /// Where the request has it, for faults; empty for its place in the messages of a chat completion.
        String param();
    }

    /// A `data:` address as the caller sent it.
    record ImageUrl(String url, OptionalLong maxPixels, String param) implements Picture {

        public ImageUrl(String url) {
            this(url, OptionalLong.empty(), "");
        }
    }

    /// An encoded picture (PNG, JPEG, WebP, GIF or BMP) that the caller already holds.
    record ImageBytes(byte[] bytes, OptionalLong maxPixels, String param) implements Picture {

        public ImageBytes(byte[] bytes) {
            this(bytes, OptionalLong.empty(), "");
        }
    }
}
