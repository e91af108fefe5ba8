package io.moonglass.vision.image;

/// WebP: a RIFF file whose first chunk is a lossy picture (`VP8 `), a lossless one (`VP8L`), or the
/// header (`VP8X`) of a picture with more parts.
final class WebpContainer {

    private static final int FIRST_CHUNK = 12;
    private static final int LOSSY_START_CODE = 0x2a019d;
    private static final int LOSSLESS_SIGNATURE = 0x2f;

    private WebpContainer() {}

    static NativePicture read(ByteView view, ImageLimits limits) {
        long end = 8 + view.u32le(4);
        Canvas canvas =
                switch (chunkType(view, FIRST_CHUNK)) {
                    case "VP8 " -> lossy(view, FIRST_CHUNK + 8);
                    case "VP8L" -> lossless(view, FIRST_CHUNK + 8);
                    case "VP8X" -> extended(view, FIRST_CHUNK + 8);
                    default -> throw view.invalid("begins with a chunk of unknown type");
                };
        limits.checkSize(view.format(), canvas.width, canvas.height);
        checkChunks(view, end);
        return new NativePicture(
                view.format(),
                canvas.width,
                canvas.height,
                canvas.hasAlpha ? Picture.Mode.RGBA : Picture.Mode.RGB,
                NativePicture.head(view, end));
    }

    private record Canvas(int width, int height, boolean hasAlpha) {}

    private static Canvas lossy(ByteView view, long at) {
        boolean isKeyFrame = (view.u8(at) & 1) == 0;
        if (!isKeyFrame || view.u24le(at + 3) != LOSSY_START_CODE) {
            throw view.invalid("does not begin with a key frame");
        }
        return new Canvas(view.u16le(at + 6) & 0x3fff, view.u16le(at + 8) & 0x3fff, false);
    }

    private static Canvas lossless(ByteView view, long at) {
        if (view.u8(at) != LOSSLESS_SIGNATURE) {
            throw view.invalid("has a lossless part without its signature");
        }
        long bits = view.u32le(at + 1);
        int width = (int) (bits & 0x3fff) + 1;
        int height = (int) (bits >> 14 & 0x3fff) + 1;
        return new Canvas(width, height, (bits >> 28 & 1) != 0);
    }

    private static Canvas extended(ByteView view, long at) {
        boolean hasAlpha = (view.u8(at) & 0x10) != 0;
        return new Canvas(view.u24le(at + 4) + 1, view.u24le(at + 7) + 1, hasAlpha);
    }

    /// The RIFF file must be all there, and every chunk inside it whole; some writers leave the last
    /// one's padding byte out.
    private static void checkChunks(ByteView view, long end) {
        view.need(0, end);
        long at = FIRST_CHUNK;
        while (at < end) {
            long length = view.u32le(at + 4);
            if (at + 8 + length > end) {
                throw view.truncated();
            }
            at += 8 + length + (length & 1);
        }
    }

    private static String chunkType(ByteView view, long at) {
        StringBuilder type = new StringBuilder();
        for (int i = 0; i < 4; i++) {
            type.append((char) view.u8(at + i));
        }
        return type.toString();
    }
}
