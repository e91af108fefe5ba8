package io.moonglass.vision.image;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/// GIF: screen, optional global colours, then blocks. Only the first frame is kept, without its
/// graphic control: the model is shown the palette's colours, transparent or not, as upstream does.
/// What a small frame leaves free gets the transparent colour if there is one, else colour 0.
final class GifContainer {

    private static final int HEADER_BYTES = 13;
    private static final int BACKGROUND_INDEX = 11;
    private static final int EXTENSION = 0x21;
    private static final int GRAPHIC_CONTROL = 0xf9;
    private static final int FRAME = 0x2c;
    private static final int TRAILER = 0x3b;

    private GifContainer() {}

    static EncodedPicture read(ByteView view, ImageLimits limits) {
        int width = view.u16le(6);
        int height = view.u16le(8);
        limits.checkSize(view.format(), width, height);
        int globalColours = numColours(view.u8(10));
        long at = HEADER_BYTES + 3L * globalColours;
        view.need(0, at);
        byte[] screen = Arrays.copyOf(view.bytes(), (int) at);
        screen[BACKGROUND_INDEX] = 0;
        while (view.u8(at) == EXTENSION) {
            boolean isTransparent =
                    view.u8(at + 1) == GRAPHIC_CONTROL && (view.u8(at + 3) & 1) != 0;
            if (isTransparent) {
                screen[BACKGROUND_INDEX] = (byte) view.u8(at + 6);
            }
            at = endOfBlocks(view, at + 2);
        }
        if (view.u8(at) != FRAME) {
            throw view.invalid("holds no pixels");
        }
        checkFrame(view, at, width, height);
        int localColours = numColours(view.u8(at + 9));
        if (localColours == 0 && globalColours == 0) {
            throw view.invalid("has no colours");
        }
        boolean grey =
                localColours > 0
                        ? EncodedPicture.isGreyRamp(view, at + 10, localColours, 3)
                        : EncodedPicture.isGreyRamp(view, HEADER_BYTES, globalColours, 3);
        long pixels = at + 10 + 3L * localColours;
        int codeSize = view.u8(pixels);
        if (codeSize < 2 || codeSize > 8) {
            throw view.invalid("has codes of %d bits; want 2 to 8".formatted(codeSize));
        }
        long end = endOfBlocks(view, pixels + 1);
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        kept.writeBytes(screen);
        kept.write(view.bytes(), (int) at, (int) (end - at));
        kept.write(TRAILER);
        return new EncodedPicture(
                view.format(),
                width,
                height,
                grey ? Picture.Mode.RGB : Picture.Mode.INDEXED,
                kept.toByteArray());
    }

    private static void checkFrame(ByteView view, long at, int width, int height) {
        int left = view.u16le(at + 1);
        int top = view.u16le(at + 3);
        int frameWidth = view.u16le(at + 5);
        int frameHeight = view.u16le(at + 7);
        if (frameWidth == 0
                || frameHeight == 0
                || left + frameWidth > width
                || top + frameHeight > height) {
            throw view.invalid(
                    "has a first frame of %d x %d at (%d, %d), outside its %d x %d"
                            .formatted(frameWidth, frameHeight, left, top, width, height));
        }
    }

    /// Colours of the table that a flag byte announces; none if it does not.
    private static int numColours(int flags) {
        return (flags & 0x80) == 0 ? 0 : 2 << (flags & 7);
    }

    /// Skips data blocks of up to 255 bytes each, to behind the empty one that ends them.
    private static long endOfBlocks(ByteView view, long at) {
        while (true) {
            int length = view.u8(at);
            at += 1L + length;
            if (length == 0) {
                return at;
            }
        }
    }
}
