package io.moonglass.clients;

import java.nio.charset.StandardCharsets;

/// What the first bytes of a file say that it is.
final class MediaType {

    /// Bytes that tell.
    static final int NUM_BYTES = 12;

    private MediaType() {}

    static String of(byte[] bytes) {
        int length = Math.min(bytes.length, NUM_BYTES);
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
        if (start.startsWith("RIFF")) {
            return start.endsWith("WEBP") ? "image/webp" : "video/x-msvideo";
        }
        if (start.startsWith("BM")) {
            return "image/bmp";
        }
        if (start.startsWith("%PDF")) {
            return "application/pdf";
        }
        if (start.startsWith("\u001a\u0045\u00df\u00a3")) {
            return "video/webm";
        }
        return start.startsWith("ftyp", 4) ? "video/mp4" : "application/octet-stream";
    }
}
