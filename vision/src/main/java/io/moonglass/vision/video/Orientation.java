package io.moonglass.vision.video;

import java.nio.ByteBuffer;

/// How a stored frame is laid on the screen: a quarter turn or not, then mirrored or not.
///
/// @param transposed whether columns of the screen are rows of the frame
/// @param flipX      whether the screen's left is the frame's right (or bottom, if transposed)
/// @param flipY      whether the screen's top is the frame's bottom (or right, if transposed)
record Orientation(boolean transposed, boolean flipX, boolean flipY) {

    static final Orientation UPRIGHT = new Orientation(false, false, false);

    /// Source: ISO/IEC 14496-12, track header box: `x' = a x + c y`, `y' = b x + d y`.
    ///
    /// @param matrix nine 32-bit numbers `a b u, c d v, x y w` in the platform's byte order. Turns that are
    ///               not by quarters become the nearest one that is
    static Orientation ofMatrix(ByteBuffer matrix) {
        long a = matrix.getInt(0);
        long b = matrix.getInt(4);
        long c = matrix.getInt(12);
        long d = matrix.getInt(16);
        if (Math.abs(b) + Math.abs(c) > Math.abs(a) + Math.abs(d)) {
            return new Orientation(true, c < 0, b < 0);
        }
        return new Orientation(false, a < 0, d < 0);
    }

    /// @param rgb    `[height, width, 3]` of the frame
    /// @return `[height, width, 3]` of the screen, its sides swapped if transposed
    byte[] apply(byte[] rgb, int width, int height) {
        if (equals(UPRIGHT)) {
            return rgb;
        }
        int screenWidth = transposed ? height : width;
        int screenHeight = transposed ? width : height;
        byte[] screen = new byte[rgb.length];
        int to = 0;
        for (int y = 0; y < screenHeight; y++) {
            int alongY = flipY ? screenHeight - 1 - y : y;
            for (int x = 0; x < screenWidth; x++, to += 3) {
                int alongX = flipX ? screenWidth - 1 - x : x;
                int from = 3 * (transposed ? alongX * width + alongY : alongY * width + alongX);
                screen[to] = rgb[from];
                screen[to + 1] = rgb[from + 1];
                screen[to + 2] = rgb[from + 2];
            }
        }
        return screen;
    }
}
