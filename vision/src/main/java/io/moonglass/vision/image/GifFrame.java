package io.moonglass.vision.image;

/// One frame of a GIF.
///
/// @param palette          256 colours of three bytes are read from here; greys where there are none
/// @param numColours       of the palette in the file
/// @param transparentIndex the colour that is transparent; -1 if none is
/// @param interlaced       rows come in four passes
/// @param pixels           where the frame's code size stands, right before its data blocks
record GifFrame(
        ByteView view,
        FrameArea area,
        int millis,
        FrameDisposal disposal,
        long palette,
        int numColours,
        int transparentIndex,
        boolean interlaced,
        long pixels)
        implements EncodedFrame {

    /// The four passes of an interlaced frame: first row and step.
    private static final int[][] PASSES = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};

    private static final int[][] ONE_PASS = {{0, 1}};

    @Override
    public boolean hidesArea() {
        return transparentIndex < 0;
    }

    @Override
    public void drawOn(FrameCanvas canvas) {
        draw(canvas, transparentIndex);
    }

    /// Draws the palette's colours.
    ///
    /// @param leftOut the colour that is not drawn; -1 for none
    void draw(FrameCanvas canvas, int leftOut) {
        byte[] indices = new byte[Math.toIntExact(area.numPixels())];
        if (new LzwReader(view, pixels).read(indices) < indices.length) {
            throw view.invalid("has fewer pixels than it declares");
        }
        byte[] colours = colours();
        int from = 0;
        for (int[] pass : interlaced ? PASSES : ONE_PASS) {
            for (int y = pass[0]; y < area.height(); y += pass[1]) {
                for (int x = 0; x < area.width(); x++) {
                    int index = indices[from++] & 0xff;
                    if (index != leftOut) {
                        canvas.set(area, x, y, colours, 3 * index);
                    }
                }
            }
        }
    }

    /// `[256, 3]`
    byte[] colours() {
        byte[] colours = greys();
        System.arraycopy(view.bytes(), (int) palette, colours, 0, 3 * numColours);
        return colours;
    }

    static byte[] greys() {
        byte[] greys = new byte[3 * 256];
        for (int i = 0; i < greys.length; i++) {
            greys[i] = (byte) (i / 3);
        }
        return greys;
    }
}
