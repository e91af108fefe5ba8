package io.moonglass.clients;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/// One part of a chat message; the model sees the parts in their order.
public sealed interface ContentPart {

    /// The kind of part, as it is spelt on the wire.
    @JsonProperty
    String type();

    record Text(String text) implements ContentPart {

        @Override
        public String type() {
            return "text";
        }
    }

    record ImageUrl(@JsonProperty("image_url") Address address) implements ContentPart {

        /// @param url a `data:` address with the picture's bytes
        public record Address(String url) {}

        @Override
        public String type() {
            return "image_url";
        }
    }

    static ContentPart text(String text) {
        return new Text(text);
    }

    /// A picture as a `data:` address.
    ///
    /// @param bytes a whole encoded picture: PNG, JPEG, WebP, GIF or BMP
    static ContentPart image(byte[] bytes) {
        String url =
                "data:%s;base64,%s"
                        .formatted(mediaType(bytes), Base64.getEncoder().encodeToString(bytes));
        return new ImageUrl(new ImageUrl.Address(url));
    }

    private static String mediaType(byte[] bytes) {
        int length = Math.min(bytes.length, 12);
        String start = new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
        if (start.startsWith("\u0089PNG")) {
            return "image/png";
        }
        if (start.startsWith("\u00ff\u00d8\u00ff")) {
            return "image/jpeg";
        }
        if (start.startsWith("GIF8")) {
            return "image/gif";
        }
        if (start.startsWith("RIFF") && start.endsWith("WEBP")) {
            return "image/webp";
        }
        return start.startsWith("BM") ? "image/bmp" : "application/octet-stream";
    }
}
