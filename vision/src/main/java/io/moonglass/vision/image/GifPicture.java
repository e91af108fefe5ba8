package io.moonglass.vision.image;

import java.util.Arrays;

/// The first frame of a GIF: screen, optional global colours, blocks. The model is shown the palette's
/// colours, transparent or not, as upstream does; what a small frame leaves free gets the transparent
/// colour if there is one, else colour 0.
///
/// Decoded here and not by OpenCV, whose decoder rebuilds its table at every clear code, so that a
/// hostile file of nothing else could hold a thread for many minutes.
///
/// @param interlaced  rows come in four passes
/// @param palette     256 colours of three bytes; greys where the file has none
/// @param fillIndex   the colour outside the frame
/// @param pixels      where the frame's code size stands, right before its data blocks
record GifPicture(
        ByteView view,
        int width,
        int height,
        Frame frame,
        boolean interlaced,
        byte[] palette,
        int fillIndex,
        long pixels)
        implements EncodedPicture {

    private static final int HEADER_BYTES = 13;
    private static final int EXTENSION = 0x21;
    private static final int GRAPHIC_CONTROL = 0xf9;
    private static final int FRAME = 0x2c;

    /// The four passes of an interlaced frame: first row and step.
    private static final int[][] PASSES = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};

    private static final int[][] ONE_PASS = {{0, 1}};

    /// Where the frame lies on the screen.
    record Frame(int left, int top, int width, int height) {}

    static GifPicture read(ByteView view, ImageLimits limits) {
        int width = view.u16le(6);
        int height = view.u16le(8);
        limits.checkSize(view.format(), width, height);
        int globalColours = numColours(view.u8(10));
        long at = HEADER_BYTES + 3L * globalColours;
        int fillIndex = 0;
        while (view.u8(at) == EXTENSION) {
            boolean isTransparent =
                    view.u8(at + 1) == GRAPHIC_CONTROL && (view.u8(at + 3) & 1) != 0;
            if (isTransparent) {
                fillIndex = view.u8(at + 6);
            }
            at = endOfBlocks(view, at + 2);
        }
        if (view.u8(at) != FRAME) {
            throw view.invalid("holds no pixels");
        }
        int flags = view.u8(at + 9);
        int localColours = numColours(flags);
        long pixels = at + 10 + 3L * localColours;
        endOfBlocks(view, pixels + 1);
        return new GifPicture(
                view,
                width,
                height,
                frame(view, at + 1, width, height),
                (flags & 0x40) != 0,
                localColours > 0
                        ? palette(view, at + 10, localColours)
                        : palette(view, HEADER_BYTES, globalColours),
                fillIndex,
                pixels);
    }

    @Override
    public Picture decode() {
        byte[] indices = new byte[frame.width * frame.height];
        if (new LzwReader(view, pixels).read(indices) < indices.length) {
            throw view.invalid("has fewer pixels than it declares");
        }
        byte[] rgb = new byte[width * height * 3];
        if (frame.width < width || frame.height < height) {
            for (int to = 0; to < rgb.length; to += 3) {
                System.arraycopy(palette, 3 * fillIndex, rgb, to, 3);
            }
        }
        int from = 0;
        for (int[] pass : interlaced ? PASSES : ONE_PASS) {
            for (int row = pass[0]; row < frame.height; row += pass[1]) {
                int to = ((frame.top + row) * width + frame.left) * 3;
                for (int column = 0; column < frame.width; column++, to += 3) {
                    System.arraycopy(palette, 3 * (indices[from++] & 0xff), rgb, to, 3);
                }
            }
        }
        // greys in order make every index its own grey level: upstream takes that for a grey
        // picture
        boolean isGrey = Arrays.equals(palette, greys());
        Picture.Mode mode = isGrey ? Picture.Mode.RGB : Picture.Mode.INDEXED;
        return new Picture(width, height, mode, rgb);
    }

    private static Frame frame(ByteView view, long at, int width, int height) {
        Frame frame =
                new Frame(
                        view.u16le(at), view.u16le(at + 2), view.u16le(at + 4), view.u16le(at + 6));
        if (frame.width == 0
                || frame.height == 0
                || frame.left + frame.width > width
                || frame.top + frame.height > height) {
            throw view.invalid(
                    "has a first frame of %d x %d at (%d, %d), outside its %d x %d"
                            .formatted(
                                    frame.width,
                                    frame.height,
                                    frame.left,
                                    frame.top,
                                    width,
                                    height));
        }
        return frame;
    }

    private static byte[] palette(ByteView view, long at, int numColours) {
        view.need(at, 3L * numColours);
        byte[] palette = greys();
        System.arraycopy(view.bytes(), (int) at, palette, 0, 3 * numColours);
        return palette;
    }

    private static byte[] greys() {
        byte[] greys = new byte[3 * 256];
        for (int i = 0; i < greys.length; i++) {
            greys[i] = (byte) (i / 3);
        }
        return greys;
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
