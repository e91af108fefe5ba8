package io.moonglass.runtime.media;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Pictures of one colour, uncompressed.
final class Bitmaps {

    private static final int HEADER_BYTES = 54;

    private Bitmaps() {}

    /// @param width a multiple of 4, so that rows need no padding
    /// @param shade of all three channels, 0 to 255
    static byte[] grey(int width, int height, int shade) {
        int pixelBytes = 3 * width * height;
        ByteBuffer bmp =
                ByteBuffer.allocate(HEADER_BYTES + pixelBytes).order(ByteOrder.LITTLE_ENDIAN);
        bmp.put((byte) 'B').put((byte) 'M').putInt(bmp.capacity()).putInt(0);
        bmp.putInt(HEADER_BYTES).putInt(40).putInt(width).putInt(height);
        bmp.putShort((short) 1).putShort((short) 24).putInt(0).putInt(pixelBytes);
        bmp.putInt(0).putInt(0).putInt(0).putInt(0);
        while (bmp.hasRemaining()) {
            bmp.put((byte) shade);
        }
        return bmp.array();
    }
}
