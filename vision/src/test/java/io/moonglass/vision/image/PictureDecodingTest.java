package io.moonglass.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PictureDecodingTest {

    private static final ImageDecoder DECODER =
            new ImageDecoder(ImageLimits.DEFAULT, PictureStyle.UPSTREAM, 2);

    @AfterAll
    static void close() {
        DECODER.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rgb.png",
                "rgba.png",
                "grey.png",
                "grey_alpha.png",
                "bit.png",
                "palette.png",
                "palette_alpha.png",
                "colour_key.png",
                "deep_rgb.png",
                "deep_rgba.png",
                "interlaced.png",
                "animated.png",
                "baseline.jpg",
                "progressive.jpg",
                "grey.jpg",
                "turned.jpg",
                "lossy.webp",
                "lossy_alpha.webp",
                "lossless.webp",
                "lossless_alpha.webp",
                "animated.webp",
                "animated_alpha.webp",
                "palette.gif",
                "transparent.gif",
                "animated.gif",
                "interlaced.gif",
                "small_frame.gif",
                "rgb.bmp",
                "padded.bmp",
                "alpha.bmp",
                "palette.bmp",
                "grey.bmp",
                "bit.bmp"
            })
    void decoding_and_shrinking_agree_with_pillow_to_the_bit(String name) {
        Picture picture = DECODER.decode(TestPictures.bytes(name));
        RgbImage shrunk =
                PictureResizer.resize(
                        picture, TestPictures.SHRUNK_WIDTH, TestPictures.SHRUNK_HEIGHT);

        assertArrayEquals(TestPictures.pillowRgb(name), picture.toRgb().rgb());
        assertArrayEquals(TestPictures.pillowShrunkRgb(name), shrunk.rgb());
    }

    @ParameterizedTest
    @ValueSource(strings = {"cmyk.jpg", "cmyk_plain.jpg", "ycck.jpg", "adobe_rgb.jpg"})
    void jpegs_in_other_colour_spaces_agree_up_to_rounding(String name) {
        Picture picture = DECODER.decode(TestPictures.bytes(name));
        byte[] wanted = TestPictures.bytes(name + ".rgb");
        for (int i = 0; i < wanted.length; i++) {
            int difference = (wanted[i] & 0xff) - (picture.pixels()[i] & 0xff);
            assertTrue(Math.abs(difference) <= 1, "byte " + i + " is off by " + difference);
        }
    }

    @Test
    void sixteen_bit_grey_keeps_its_upper_byte() {
        Picture picture = DECODER.decode(TestPictures.bytes("deep_grey.png"));
        assertArrayEquals(TestPictures.bytes("deep_grey.png.rgb"), picture.pixels());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rgb.png", "baseline.jpg", "lossy.webp", "palette.gif", "rgb.bmp"})
    void what_trails_a_picture_is_ignored(String name) {
        byte[] plain = TestPictures.bytes(name);
        byte[] polyglot = Arrays.copyOf(plain, plain.length + 500);
        byte[] other = TestPictures.latin1("<html><script>PK\u0003\u0004%PDF-1.7");
        System.arraycopy(other, 0, polyglot, plain.length, other.length);

        assertArrayEquals(DECODER.decode(plain).pixels(), DECODER.decode(polyglot).pixels());
    }

    @Test
    void an_interrupted_caller_is_let_go() {
        Thread.currentThread().interrupt();
        assertThrows(
                CancellationException.class, () -> DECODER.decode(TestPictures.bytes("rgb.png")));
        assertTrue(Thread.interrupted());
        assertEquals(29, DECODER.decode(TestPictures.bytes("rgb.png")).width());
    }
}
