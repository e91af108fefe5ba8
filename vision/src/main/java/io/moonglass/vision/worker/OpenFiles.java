package io.moonglass.vision.worker;

import io.moonglass.vision.document.PagedDocument;
import io.moonglass.vision.document.PdfDocument;
import io.moonglass.vision.image.Picture;
import io.moonglass.vision.video.VideoFile;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/// The files that a process holds open, so that requests that take turns need not read theirs again: as many as its
/// memory suffices for, and always the last one. For one thread.
final class OpenFiles {

    /// Frames that a decoder keeps to decode others from, of one and a half bytes a pixel, and two in RGB.
    private static final long BYTES_PER_PIXEL = 12 * 3 / 2 + 2 * 3;

    private static final int MOST_FILES = 8;

    private sealed interface OpenFile {
        long weight();

        void close();
    }

    private static final class OpenVideo implements OpenFile {

        final VideoFile video;

        /// The frame that was decoded before it was asked for; null if none.
        Picture ahead;

        double aheadSeconds;

        OpenVideo(VideoFile video) {
            this.video = video;
        }

        @Override
        public long weight() {
            return BYTES_PER_PIXEL * video.info().width() * video.info().height();
        }

        @Override
        public void close() {
            video.close();
        }
    }

    private record OpenDocument(PagedDocument document, long weight) implements OpenFile {
        @Override
        public void close() {
            document.close();
        }
    }

    private final long budget;
    private final int decoderThreads;

    /// From the one that was used least recently on.
    private final Map<Command.Source, OpenFile> files = new LinkedHashMap<>(16, 0.75f, true);

    /// @param memoryBytes    that the process may take in all
    /// @param decoderThreads that the decoder of one video uses
    OpenFiles(long memoryBytes, int decoderThreads) {
        this.budget = memoryBytes / 4;
        this.decoderThreads = decoderThreads;
    }

    /// The video, opened if it is not. What is open of others may be closed.
    VideoFile video(Command.VideoSource source) {
        return openVideo(source).video;
    }

    /// The document, opened if it is not. What is open of others may be closed.
    PagedDocument document(Command.DocumentSource source) {
        if (files.get(source) instanceof OpenDocument open) {
            return open.document();
        }
        PagedDocument document = PdfDocument.open(source.path(), source.limits());
        add(source, new OpenDocument(document, budget / 2));
        return document;
    }

    /// A frame as of [VideoFile#frameAt], perhaps decoded already.
    Picture frame(Command.VideoSource source, double seconds) {
        OpenVideo open = openVideo(source);
        Picture ahead = open.ahead;
        open.ahead = null;
        return ahead != null && open.aheadSeconds == seconds ? ahead : open.video.frameAt(seconds);
    }

    /// Decodes what will be asked for next.
    void decodeAhead(Command.VideoSource source, double seconds) {
        if (files.get(source) instanceof OpenVideo open) {
            open.ahead = open.video.frameAt(seconds);
            open.aheadSeconds = seconds;
        }
    }

    void close(Command.Source source) {
        OpenFile file = files.remove(source);
        if (file != null) {
            file.close();
        }
    }

    private OpenVideo openVideo(Command.VideoSource source) {
        if (files.get(source) instanceof OpenVideo open) {
            return open;
        }
        OpenVideo open =
                new OpenVideo(VideoFile.open(source.path(), source.limits(), decoderThreads));
        add(source, open);
        return open;
    }

    private void add(Command.Source source, OpenFile file) {
        files.put(source, file);
        long weight = files.values().stream().mapToLong(OpenFile::weight).sum();
        Iterator<OpenFile> oldest = files.values().iterator();
        while (files.size() > 1 && (weight > budget || files.size() > MOST_FILES)) {
            OpenFile closed = oldest.next();
            oldest.remove();
            weight -= closed.weight();
            closed.close();
        }
    }
}
