package io.moonglass.runtime.media;

import io.moonglass.vision.video.VideoContainer;
import java.nio.charset.StandardCharsets;

/// What kind of media a file is, by its first bytes and by nothing else. Whether it is a good one its decoder says.
enum MediaKind {
    /// A PDF.
    DOCUMENT,
    /// A video.
    VIDEO,
    /// What is none of the two.
    PICTURE;

    /// As many as it takes; a PDF may have other bytes before its own.
    static final int HEAD_BYTES = Math.max(1024, VideoContainer.HEAD_BYTES);

    static MediaKind of(byte[] head) {
        String text = new String(head, StandardCharsets.ISO_8859_1);
        if (text.contains("%PDF-")) {
            return DOCUMENT;
        }
        return VideoContainer.find(head).isPresent() ? VIDEO : PICTURE;
    }
}
