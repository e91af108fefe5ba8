package io.moonglass.vision.image;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// WebP: a RIFF file whose first chunk is a lossy picture (`VP8 `), a lossless one (`VP8L`), or the
/// header (`VP8X`) of a picture with more parts.
final class WebpContainer {

    private static final int FIRST_CHUNK = 12;
    private static final int LOSSY_START_CODE = 0x2a019d;
    private static final int LOSSLESS_SIGNATURE = 0x2f;

    private WebpContainer() {}

    static EncodedPicture read(ByteView view, ImageLimits limits, PictureStyle style) {
        Canvas canvas = canvas(view, limits);
        long end = end(view);
        Orientation orientation = Orientation.AS_STORED;
        boolean upright = style == PictureStyle.UPRIGHT;
        for (long at = FIRST_CHUNK; at < end; at = next(view, at, end)) {
            String type = chunkType(view, at);
            if (type.equals("EXIF") && upright && canvas.isExtended) {
                long payload = at + 8;
                orientation =
                        ExifOrientation.read(view.bytes(), payload, payload + view.u32le(at + 4));
            }
        }
        if (upright && canvas.isAnimated) {
            List<WebpFrame> frames = new ArrayList<>();
            forEachFrame(
                    view,
                    canvas,
                    frame -> {
                        if (frames.isEmpty()) {
                            frames.add(frame);
                        }
                    });
            if (frames.isEmpty()) {
                throw view.invalid("holds no pixels");
            }
            return new WebpPicture(canvas.width, canvas.height, frames.getFirst());
        }
        return new NativePicture(
                view.format(),
                canvas.width,
                canvas.height,
                canvas.hasAlpha ? Picture.Mode.RGBA : Picture.Mode.RGB,
                NativePicture.head(view, end),
                Presentation.of(style, orientation));
    }

    static void forEachFrame(ByteView view, Canvas canvas, Consumer<WebpFrame> found) {
        long end = end(view);
        for (long at = FIRST_CHUNK; at < end; ) {
            long next = next(view, at, end);
            if (chunkType(view, at).equals("ANMF")) {
                long payload = at + 8;
                found.accept(
                        WebpFrame.read(
                                view,
                                payload,
                                payload + view.u32le(at + 4),
                                canvas.width,
                                canvas.height));
            }
            at = next;
        }
    }

    static Canvas canvas(ByteView view, ImageLimits limits) {
        Canvas canvas =
                switch (chunkType(view, FIRST_CHUNK)) {
                    case "VP8 " -> lossy(view, FIRST_CHUNK + 8);
                    case "VP8L" -> lossless(view, FIRST_CHUNK + 8);
                    case "VP8X" -> extended(view, FIRST_CHUNK + 8);
                    default -> throw view.invalid("begins with a chunk of unknown type");
                };
        limits.checkSize(view.format(), canvas.width, canvas.height);
        return canvas;
    }

    /// What the first chunk says.
    ///
    /// @param isExtended whether more chunks may follow it
    record Canvas(
            int width, int height, boolean hasAlpha, boolean isExtended, boolean isAnimated) {}

    private static Canvas lossy(ByteView view, long at) {
        boolean isKeyFrame = (view.u8(at) & 1) == 0;
        if (!isKeyFrame || view.u24le(at + 3) != LOSSY_START_CODE) {
            throw view.invalid("does not begin with a key frame");
        }
        return new Canvas(
                view.u16le(at + 6) & 0x3fff, view.u16le(at + 8) & 0x3fff, false, false, false);
    }

    private static Canvas lossless(ByteView view, long at) {
        if (view.u8(at) != LOSSLESS_SIGNATURE) {
            throw view.invalid("has a lossless part without its signature");
        }
        long bits = view.u32le(at + 1);
        int width = (int) (bits & 0x3fff) + 1;
        int height = (int) (bits >> 14 & 0x3fff) + 1;
        return new Canvas(width, height, (bits >> 28 & 1) != 0, false, false);
    }

    private static Canvas extended(ByteView view, long at) {
        int flags = view.u8(at);
        return new Canvas(
                view.u24le(at + 4) + 1,
                view.u24le(at + 7) + 1,
                (flags & 0x10) != 0,
                true,
                (flags & 0x02) != 0);
    }

    /// Where the RIFF file ends, which must be all there.
    private static long end(ByteView view) {
        long end = 8 + view.u32le(4);
        view.need(0, end);
        return end;
    }

    /// Where the next chunk begins. Each must be whole; some writers leave the last one's padding byte out.
    private static long next(ByteView view, long at, long end) {
        long length = view.u32le(at + 4);
        if (at + 8 + length > end) {
            throw view.truncated();
        }
        return at + 8 + length + (length & 1);
    }

    /// Four characters.
    static String chunkType(ByteView view, long at) {
        StringBuilder type = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            type.append((char) view.u8(at + i));
        }
        return type.toString();
    }
}
