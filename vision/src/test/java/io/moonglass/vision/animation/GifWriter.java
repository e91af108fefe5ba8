package io.moonglass.vision.animation;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Writes GIFs whose pixels are letters, each the colour of its own number. Codes have eight bits and are never
/// long, because a clear code comes before the table has grown.
public final class GifWriter {

    public static final char TRANSPARENT = '.';

    private static final int CLEAR = 128;
    private static final int END = 129;
    private static final int CODES_BETWEEN_CLEARS = 100;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    public GifWriter(int width, int height) {
        out.writeBytes("GIF89a".getBytes(StandardCharsets.ISO_8859_1));
        shorts(width, height);
        out.write(0x80 | 6);
        shorts(0);
        for (int i = 0; i < 128; i++) {
            out.write(i);
            out.write(i);
            out.write(i);
        }
    }

    /// @param rows     letters, `AB/CD`
    /// @param disposal 0 to 7 as the file says it
    /// @param delay    in hundredths of a second
    public GifWriter frame(int left, int top, String rows, int disposal, int delay) {
        String[] lines = rows.split("/");
        out.write(0x21);
        out.write(0xf9);
        out.write(4);
        out.write(disposal << 2 | (rows.indexOf(TRANSPARENT) >= 0 ? 1 : 0));
        shorts(delay);
        out.write(TRANSPARENT);
        out.write(0);
        out.write(0x2c);
        shorts(left, top, lines[0].length(), lines.length);
        out.write(0);
        out.write(7);
        codes(String.join("", lines));
        return this;
    }

    public byte[] bytes() {
        out.write(0x3b);
        return out.toByteArray();
    }

    private void codes(String letters) {
        ByteArrayOutputStream codes = new ByteArrayOutputStream();
        for (int i = 0; i < letters.length(); i++) {
            if (i % CODES_BETWEEN_CLEARS == 0) {
                codes.write(CLEAR);
            }
            codes.write(letters.charAt(i));
        }
        codes.write(END);
        byte[] all = codes.toByteArray();
        for (int at = 0; at < all.length; at += 255) {
            int length = Math.min(255, all.length - at);
            out.write(length);
            out.write(all, at, length);
        }
        out.write(0);
    }

    private void shorts(int... values) {
        for (int value : values) {
            out.writeBytes(
                    ByteBuffer.allocate(2)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putShort((short) value)
                            .array());
        }
    }
}
