package io.moonglass.clients;

import java.net.URI;
import java.nio.file.Path;
import java.util.Objects;

/// One part of a chat message; the model sees the parts in their order.
public sealed interface ContentPart {

    record Text(String text) implements ContentPart {

        public Text {
            Objects.requireNonNull(text, "text");
        }
    }

    /// A picture: PNG, JPEG, WebP, GIF or BMP.
    ///
    /// @param detail    `low`, `high` or `auto`; null for the request's
    /// @param maxPixels what it is shrunk to; null for the request's limit
    record Image(MediaSource source, String detail, Long maxPixels) implements ContentPart {

        public Image {
            Objects.requireNonNull(source, "source");
        }

        /// The same picture, shrunk to at most so many pixels.
        public Image withMaxPixels(long pixels) {
            return new Image(source, detail, pixels);
        }

        /// The same picture with `low`, `high` or `auto` detail.
        public Image withDetail(String value) {
            return new Image(source, value, maxPixels);
        }
    }

    /// A video, of which the model sees frames.
    ///
    /// @param fps            frames of each second that are shown; null for the server's setting, as all of these
    /// @param maxFrames      if there would be more, so many from the first moment to the last
    /// @param maxVideoTokens of all frames together
    /// @param timestamps     whether each frame is preceded by its time
    record Video(
            MediaSource source,
            Double fps,
            Integer maxFrames,
            Integer maxVideoTokens,
            Boolean timestamps)
            implements ContentPart {

        public Video {
            Objects.requireNonNull(source, "source");
        }

        public Video withFps(double value) {
            return new Video(source, value, maxFrames, maxVideoTokens, timestamps);
        }

        public Video withMaxFrames(int value) {
            return new Video(source, fps, value, maxVideoTokens, timestamps);
        }

        public Video withMaxVideoTokens(int value) {
            return new Video(source, fps, maxFrames, value, timestamps);
        }

        public Video withTimestamps(boolean value) {
            return new Video(source, fps, maxFrames, maxVideoTokens, value);
        }
    }

    /// A PDF, of which the model sees pages.
    ///
    /// @param pages such as `1-3,7,10-`; null for all
    record Document(MediaSource source, String pages) implements ContentPart {

        public Document {
            Objects.requireNonNull(source, "source");
        }

        public Document withPages(String value) {
            return new Document(source, value);
        }
    }

    static Text text(String text) {
        return new Text(text);
    }

    static Image image(MediaSource source) {
        return new Image(source, null, null);
    }

    static Image image(Path file) {
        return image(MediaSource.of(file));
    }

    static Image image(URI address) {
        return image(MediaSource.of(address));
    }

    /// @param bytes a whole encoded picture
    static Image image(byte[] bytes) {
        return image(MediaSource.of(bytes));
    }

    static Video video(MediaSource source) {
        return new Video(source, null, null, null, null);
    }

    static Video video(Path file) {
        return video(MediaSource.of(file));
    }

    static Video video(URI address) {
        return video(MediaSource.of(address));
    }

    /// @param bytes a whole video: MP4, WebM, MPEG-TS or AVI
    static Video video(byte[] bytes) {
        return video(MediaSource.of(bytes));
    }

    static Document document(MediaSource source) {
        return new Document(source, null);
    }

    static Document document(Path file) {
        return document(MediaSource.of(file));
    }

    static Document document(URI address) {
        return document(MediaSource.of(address));
    }

    /// @param bytes a whole PDF
    static Document document(byte[] bytes) {
        return document(MediaSource.of(bytes));
    }
}
