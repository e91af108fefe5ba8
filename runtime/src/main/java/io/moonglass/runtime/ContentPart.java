package io.moonglass.runtime;

import io.moonglass.runtime.ocr.PageRanges;
import java.util.List;
import java.util.OptionalLong;

/// One part of a chat message; parts keep the order in which the user wrote them.
public sealed interface ContentPart {

    record Text(String text) implements ContentPart {}

    /// What the model looks at.
    sealed interface Media extends ContentPart {

        /// Where the request has it, for faults; empty for its place in the messages of a chat completion.
        String param();
    }

    /// A picture: PNG, JPEG, WebP, GIF or BMP. Of one that moves, the first frame.
    ///
    /// @param maxPixels what it is shrunk to if it has more; empty for the model's own limit
    record Picture(MediaSource source, OptionalLong maxPixels, String param) implements Media {

        /// One that the caller holds.
        public static Picture of(byte[] bytes) {
            return new Picture(new MediaSource.Bytes(bytes), OptionalLong.empty(), "");
        }

        /// One at a `data:`, `https:` or `file:` address.
        public static Picture at(String url) {
            return at(url, OptionalLong.empty(), "");
        }

        public static Picture at(String url, OptionalLong maxPixels, String param) {
            return new Picture(new MediaSource.Address(url), maxPixels, param);
        }
    }

    /// A video, or an animated GIF or WebP, of which some frames are shown.
    record Video(MediaSource source, VideoSettings settings, String param) implements Media {}

    /// A video as its frames, in order.
    record Frames(List<Picture> frames, VideoSettings settings, String param) implements Media {

        public Frames {
            frames = List.copyOf(frames);
        }
    }

    /// A file that is what its bytes say: a PDF, of which pages are shown, a picture, or a video.
    ///
    /// @param pages    of a PDF that are shown
    /// @param settings of a video; `maxPixels` holds for pages and pictures too
    record File(MediaSource source, PageRanges pages, VideoSettings settings, String param)
            implements Media {}
}
