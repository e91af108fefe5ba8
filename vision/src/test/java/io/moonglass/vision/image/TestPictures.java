package io.moonglass.vision.image;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;

/// Small pictures in every format and mode. Beside each lies what Pillow 9.4 makes of it: its RGB
/// pixels, then the same after `resize((13, 11), BICUBIC)` and conversion to RGB.
public final class TestPictures {

    public static final int SHRUNK_WIDTH = 13;
    public static final int SHRUNK_HEIGHT = 11;

    /// One of each format, with and without a palette or alpha.
    public static final List<String> VARIETY =
            List.of(
                    "rgb.png",
                    "rgba.png",
                    "palette.png",
                    "interlaced.png",
                    "baseline.jpg",
                    "progressive.jpg",
                    "lossy.webp",
                    "lossless_alpha.webp",
                    "animated.webp",
                    "palette.gif",
                    "animated.gif",
                    "rgb.bmp",
                    "palette.bmp");

    /// All there are.
    public static final List<String> ALL =
            List.of(
                    "adobe_rgb.jpg",
                    "alpha.bmp",
                    "animated.gif",
                    "animated.png",
                    "animated.webp",
                    "animated_alpha.webp",
                    "baseline.jpg",
                    "bit.bmp",
                    "bit.png",
                    "cmyk.jpg",
                    "cmyk_plain.jpg",
                    "ycck.jpg",
                    "colour_key.png",
                    "deep_grey.png",
                    "deep_key.png",
                    "deep_rgb.png",
                    "deep_rgba.png",
                    "grey.bmp",
                    "grey.jpg",
                    "grey.png",
                    "grey_alpha.png",
                    "grey_key.png",
                    "grey_key4.png",
                    "interlaced.gif",
                    "interlaced.png",
                    "lossless.webp",
                    "lossless_alpha.webp",
                    "lossy.webp",
                    "lossy_alpha.webp",
                    "moving.gif",
                    "moving.png",
                    "moving.webp",
                    "moving_lossy.webp",
                    "padded.bmp",
                    "palette.bmp",
                    "palette.gif",
                    "palette.png",
                    "palette_alpha.png",
                    "progressive.jpg",
                    "rgb.bmp",
                    "rgb.png",
                    "rgba.png",
                    "small_frame.gif",
                    "transparent.gif",
                    "turned.jpg",
                    "turned.png",
                    "turned.webp");

    private TestPictures() {}

    public static byte[] bytes(String name) {
        try (InputStream in = TestPictures.class.getResourceAsStream("/pictures/" + name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static byte[] pillowRgb(String name) {
        byte[] both = bytes(name + ".rgb");
        return Arrays.copyOf(both, both.length - 3 * SHRUNK_WIDTH * SHRUNK_HEIGHT);
    }

    public static byte[] pillowShrunkRgb(String name) {
        byte[] both = bytes(name + ".rgb");
        return Arrays.copyOfRange(
                both, both.length - 3 * SHRUNK_WIDTH * SHRUNK_HEIGHT, both.length);
    }

    public static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    public static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /// Makes a changed PNG's checksums right again, so that the change gets past them.
    public static void mendChecksums(byte[] png) {
        ByteBuffer view = ByteBuffer.wrap(png);
        int at = 8;
        while (at + 12 <= png.length) {
            int length = view.getInt(at);
            if (length < 0 || length > png.length - at - 12) {
                return;
            }
            CRC32 crc = new CRC32();
            crc.update(png, at + 4, length + 4);
            view.putInt(at + 8 + length, (int) crc.getValue());
            at += length + 12;
        }
    }
}
