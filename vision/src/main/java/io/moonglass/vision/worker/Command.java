package io.moonglass.vision.worker;

import io.moonglass.vision.document.DocumentLimits;
import io.moonglass.vision.document.PixelRegion;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.PictureStyle;
import io.moonglass.vision.video.VideoLimits;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;

/// What a process is asked for. Commands about a file name it each time, so that any process can answer.
sealed interface Command {

    /// Bytes of a path that are read.
    int MOST_PATH_BYTES = 8 << 10;

    /// A file, which a process may keep open after the command.
    sealed interface Source {
        Path path();
    }

    record VideoSource(Path path, VideoLimits limits) implements Source {}

    record DocumentSource(Path path, DocumentLimits limits) implements Source {}

    record OpenVideo(VideoSource source) implements Command {}

    /// @param ahead the time that will be asked for next; NaN if none
    record VideoFrame(VideoSource source, double seconds, double ahead) implements Command {}

    record OpenDocument(DocumentSource source) implements Command {}

    record PageSizes(DocumentSource source, int firstPage, int count) implements Command {}

    record Page(DocumentSource source, int page, int width, int height, PixelRegion region)
            implements Command {}

    record DecodePicture(byte[] bytes, ImageLimits limits, PictureStyle style) implements Command {}

    /// Has no answer but "ready".
    record Close(Source source) implements Command {}

    /// The file that it is about.
    default Optional<Source> file() {
        return switch (this) {
            case OpenVideo(VideoSource source) -> Optional.of(source);
            case VideoFrame(VideoSource source, _, _) -> Optional.of(source);
            case OpenDocument(DocumentSource source) -> Optional.of(source);
            case PageSizes(DocumentSource source, _, _) -> Optional.of(source);
            case Page(DocumentSource source, _, _, _, _) -> Optional.of(source);
            case DecodePicture _ -> Optional.empty();
            case Close(Source source) -> Optional.of(source);
        };
    }

    /// Whether the process has the file open if it answers, and does not if it tells a fault.
    default boolean opens() {
        return this instanceof OpenVideo || this instanceof OpenDocument;
    }

    default WorkerTrade trade() {
        return this instanceof DecodePicture ? WorkerTrade.PICTURES : WorkerTrade.FILES;
    }

    default void writeTo(DataOutputStream out) throws IOException {
        switch (this) {
            case OpenVideo(VideoSource source) -> {
                out.writeByte(1);
                write(source, out);
            }
            case VideoFrame(VideoSource source, double seconds, double ahead) -> {
                out.writeByte(2);
                write(source, out);
                out.writeDouble(seconds);
                out.writeDouble(ahead);
            }
            case OpenDocument(DocumentSource source) -> {
                out.writeByte(3);
                write(source, out);
            }
            case PageSizes(DocumentSource source, int firstPage, int count) -> {
                out.writeByte(4);
                write(source, out);
                out.writeInt(firstPage);
                out.writeInt(count);
            }
            case Page(
                            DocumentSource source,
                            int page,
                            int width,
                            int height,
                            PixelRegion region) -> {
                out.writeByte(5);
                write(source, out);
                out.writeInt(page);
                out.writeInt(width);
                out.writeInt(height);
                out.writeInt(region.left());
                out.writeInt(region.top());
                out.writeInt(region.width());
                out.writeInt(region.height());
            }
            case DecodePicture(byte[] bytes, ImageLimits limits, PictureStyle style) -> {
                out.writeByte(6);
                out.writeInt(limits.maxBytes());
                out.writeLong(limits.maxPixels());
                out.writeByte(style.ordinal());
                out.writeInt(bytes.length);
                out.write(bytes);
            }
            case Close(VideoSource source) -> {
                out.writeByte(7);
                write(source, out);
            }
            case Close(DocumentSource source) -> {
                out.writeByte(8);
                write(source, out);
            }
        }
        out.flush();
    }

    /// @throws IOException if there is no whole command
    static Command readFrom(DataInputStream in) throws IOException {
        int type = in.readUnsignedByte();
        return switch (type) {
            case 1 -> new OpenVideo(videoSource(in));
            case 2 -> new VideoFrame(videoSource(in), in.readDouble(), in.readDouble());
            case 3 -> new OpenDocument(documentSource(in));
            case 4 -> new PageSizes(documentSource(in), in.readInt(), in.readInt());
            case 5 ->
                    new Page(
                            documentSource(in),
                            in.readInt(),
                            in.readInt(),
                            in.readInt(),
                            new PixelRegion(
                                    in.readInt(), in.readInt(), in.readInt(), in.readInt()));
            case 6 -> {
                ImageLimits limits = new ImageLimits(in.readInt(), in.readLong());
                PictureStyle style = PictureStyle.values()[in.readUnsignedByte()];
                yield new DecodePicture(bytes(in, limits.maxBytes()), limits, style);
            }
            case 7 -> new Close(videoSource(in));
            case 8 -> new Close(documentSource(in));
            default -> throw new IOException("command of type %d".formatted(type));
        };
    }

    private static void write(VideoSource source, DataOutputStream out) throws IOException {
        write(source.path(), out);
        out.writeLong(source.limits().maxPixels());
        out.writeDouble(source.limits().maxSeconds());
    }

    private static void write(DocumentSource source, DataOutputStream out) throws IOException {
        write(source.path(), out);
        out.writeLong(source.limits().maxBytes());
        out.writeInt(source.limits().maxPages());
        out.writeLong(source.limits().maxPixels());
    }

    private static void write(Path path, DataOutputStream out) throws IOException {
        byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static VideoSource videoSource(DataInputStream in) throws IOException {
        return new VideoSource(path(in), new VideoLimits(in.readLong(), in.readDouble()));
    }

    private static DocumentSource documentSource(DataInputStream in) throws IOException {
        return new DocumentSource(
                path(in), new DocumentLimits(in.readLong(), in.readInt(), in.readLong()));
    }

    private static Path path(DataInputStream in) throws IOException {
        byte[] bytes = bytes(in, MOST_PATH_BYTES);
        return Path.of(new String(bytes, StandardCharsets.UTF_8));
    }

    private static byte[] bytes(DataInputStream in, int most) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > most) {
            throw new IOException("%d bytes, want at most %d".formatted(count, most));
        }
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new IOException("%d bytes of %d".formatted(bytes.length, count));
        }
        return bytes;
    }
}
