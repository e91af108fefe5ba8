package io.moonglass.vision.worker;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.document.DocumentLimits;
import io.moonglass.vision.document.PageSize;
import io.moonglass.vision.image.Picture;
import io.moonglass.vision.video.VideoCodec;
import io.moonglass.vision.video.VideoInfo;
import io.moonglass.vision.video.VideoLimits;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;

/// Reads what [AnswerWriter] wrote, if it was that: a process that was taken over may send anything, so nothing is
/// believed beyond what was asked, and nothing allocated by its word.
final class AnswerReader {

    /// Our own messages are shorter.
    private static final int MOST_MESSAGE_BYTES = 1_000;

    private static final int LONGEST_MEASURE = 1_000_000;

    private final DataInputStream in;

    AnswerReader(DataInputStream in) {
        this.in = in;
    }

    Set<ProcessLimit> hello() throws IOException {
        if (in.readInt() != AnswerWriter.HELLO) {
            throw new UntrustedAnswerException("no greeting");
        }
        int bits = in.readInt();
        Set<ProcessLimit> limits = EnumSet.noneOf(ProcessLimit.class);
        for (ProcessLimit limit : ProcessLimit.values()) {
            if ((bits >> limit.ordinal() & 1) != 0) {
                limits.add(limit);
            }
        }
        return limits;
    }

    void ready() throws IOException {
        int type = in.readUnsignedByte();
        if (type != AnswerWriter.READY) {
            throw new UntrustedAnswerException("%d, not ready".formatted(type));
        }
    }

    /// Whether a byte is there to be read.
    boolean hasMore() throws IOException {
        return in.available() > 0;
    }

    VideoInfo video(VideoLimits limits) throws IOException {
        begin();
        int width = in.readInt();
        int height = in.readInt();
        double seconds = in.readDouble();
        double framesPerSecond = in.readDouble();
        int codec = in.readUnsignedByte();
        boolean plausible =
                width > 0
                        && height > 0
                        && width <= limits.maxPixels() / height
                        && seconds > 0
                        && seconds <= limits.maxSeconds()
                        && framesPerSecond >= 0
                        && Double.isFinite(framesPerSecond)
                        && codec < VideoCodec.values().length;
        if (!plausible) {
            throw new UntrustedAnswerException("a video that is over its limits");
        }
        return new VideoInfo(width, height, seconds, framesPerSecond, VideoCodec.values()[codec]);
    }

    /// @param width  that the picture must have
    /// @param height that the picture must have
    Picture rgb(int width, int height) throws IOException {
        Picture picture = picture(width, height);
        if (picture.mode() != Picture.Mode.RGB) {
            throw new UntrustedAnswerException("a picture of mode " + picture.mode());
        }
        return picture;
    }

    /// The same, of any mode.
    Picture picture(int width, int height) throws IOException {
        begin();
        int foundWidth = in.readInt();
        int foundHeight = in.readInt();
        int mode = in.readUnsignedByte();
        if (foundWidth != width || foundHeight != height || mode >= Picture.Mode.values().length) {
            throw new UntrustedAnswerException(
                    "a picture of %d x %d, mode %d, where %d x %d was asked for"
                            .formatted(foundWidth, foundHeight, mode, width, height));
        }
        Picture.Mode known = Picture.Mode.values()[mode];
        byte[] pixels = new byte[Math.toIntExact((long) width * height * known.channels())];
        in.readFully(pixels);
        return new Picture(width, height, known, pixels);
    }

    int numPages(DocumentLimits limits) throws IOException {
        begin();
        int numPages = in.readInt();
        if (numPages <= 0 || numPages > limits.maxPages()) {
            throw new UntrustedAnswerException("%d pages".formatted(numPages));
        }
        return numPages;
    }

    PageSize[] pageSizes(int count) throws IOException {
        begin();
        int found = in.readInt();
        if (found != count) {
            throw new UntrustedAnswerException("sizes of %d pages, not %d".formatted(found, count));
        }
        PageSize[] sizes = new PageSize[count];
        for (int i = 0; i < count; i++) {
            sizes[i] = new PageSize(measure(), measure());
        }
        return sizes;
    }

    private double measure() throws IOException {
        double points = in.readDouble();
        if (!(points > 0 && points <= LONGEST_MEASURE)) {
            throw new UntrustedAnswerException("a page with a side of %s points".formatted(points));
        }
        return points;
    }

    /// @throws InvalidRequestException if that is the answer
    private void begin() throws IOException {
        int type = in.readUnsignedByte();
        if (type == AnswerWriter.FAULT) {
            throw fault();
        }
        if (type != AnswerWriter.ANSWER) {
            throw new UntrustedAnswerException("an answer of type %d".formatted(type));
        }
    }

    private InvalidRequestException fault() throws IOException {
        int kind = in.readUnsignedByte();
        int length = in.readInt();
        if (kind >= InvalidRequestException.Kind.values().length
                || length < 0
                || length > MOST_MESSAGE_BYTES) {
            throw new UntrustedAnswerException(
                    "a fault of kind %d with %d bytes".formatted(kind, length));
        }
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        String message = new String(bytes, StandardCharsets.UTF_8);
        if (message.codePoints().anyMatch(Character::isISOControl)) {
            throw new UntrustedAnswerException("a fault that is no line of text");
        }
        return new InvalidRequestException(
                InvalidRequestException.Kind.values()[kind], null, message);
    }
}
