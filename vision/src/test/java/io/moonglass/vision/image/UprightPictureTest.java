package io.moonglass.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class UprightPictureTest {

    /// Three columns, two rows.
    private static final String STORED = "ABC/DEF";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rgba.png",
                "grey_alpha.png",
                "palette.png",
                "bit.png",
                "palette_alpha.png",
                "colour_key.png",
                "grey_key.png",
                "grey_key4.png",
                "deep_key.png",
                "deep_rgba.png",
                "turned.jpg",
                "turned.png",
                "turned.webp",
                "lossy_alpha.webp",
                "lossless_alpha.webp",
                "animated_alpha.webp",
                "transparent.gif",
                "small_frame.gif",
                "palette.gif",
                "alpha.bmp",
                "palette.bmp",
                "bit.bmp"
            })
    void transparency_is_white_palettes_are_blended_and_exif_turns(String name) {
        EncodedPicture encoded = upright(TestPictures.bytes(name));
        Picture picture = encoded.decode();
        RgbImage shrunk =
                PictureResizer.resize(
                        picture, TestPictures.SHRUNK_WIDTH, TestPictures.SHRUNK_HEIGHT);
        byte[] wanted = TestPictures.bytes(name + ".upright.rgb");
        int whole = wanted.length - shrunk.rgb().length;

        assertEquals(Picture.Mode.RGB, picture.mode());
        assertEquals(encoded.width(), picture.width());
        assertEquals(encoded.height(), picture.height());
        assertArrayEquals(Arrays.copyOf(wanted, whole), picture.pixels());
        assertArrayEquals(Arrays.copyOfRange(wanted, whole, wanted.length), shrunk.rgb());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rgb.png",
                "grey.png",
                "deep_rgb.png",
                "interlaced.png",
                "animated.png",
                "baseline.jpg",
                "progressive.jpg",
                "grey.jpg",
                "lossy.webp",
                "lossless.webp",
                "animated.webp",
                "animated.gif",
                "rgb.bmp",
                "grey.bmp"
            })
    void plain_colours_are_the_same_in_both_styles(String name) {
        byte[] bytes = TestPictures.bytes(name);
        EncodedPicture upstream =
                EncodedPicture.of(bytes, ImageLimits.DEFAULT, PictureStyle.UPSTREAM);

        assertArrayEquals(upstream.decode().toRgb().rgb(), upright(bytes).decode().pixels());
    }

    @ParameterizedTest
    @CsvSource({
        "0, ABC/DEF",
        "1, ABC/DEF",
        "2, CBA/FED",
        "3, FED/CBA",
        "4, DEF/ABC",
        "5, AD/BE/CF",
        "6, DA/EB/FC",
        "7, FC/EB/DA",
        "8, CF/BE/AD",
        "9, ABC/DEF",
        "65535, ABC/DEF"
    })
    void each_orientation_turns_as_exif_says(int exif, String shown) {
        for (ByteOrder order : new ByteOrder[] {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN}) {
            byte[] tiff = tiff(order, exif);
            Orientation orientation = ExifOrientation.read(tiff, 0, tiff.length);
            byte[] turned = new byte[3 * 3 * 2];
            for (int y = 0; y < 2; y++) {
                orientation.place(letters(STORED.split("/")[y]), y, 3, 2, turned);
            }

            assertArrayEquals(letters(shown.replace("/", "")), turned);
            assertEquals(shown.indexOf('/') == 2, orientation.swapsSides());
        }
    }

    @ParameterizedTest
    @EnumSource(Orientation.class)
    void a_jpeg_is_turned_before_and_after_decoding_alike(Orientation orientation) {
        byte[] plain = TestPictures.bytes("baseline.jpg");
        byte[] turned = withExif(plain, tiff(ByteOrder.BIG_ENDIAN, orientation.ordinal() + 1));
        EncodedPicture encoded = upright(turned);
        Picture stored = upright(plain).decode();
        byte[] wanted = new byte[stored.pixels().length];
        for (int y = 0; y < stored.height(); y++) {
            int rowLength = 3 * stored.width();
            byte[] row = Arrays.copyOfRange(stored.pixels(), y * rowLength, (y + 1) * rowLength);
            orientation.place(row, y, stored.width(), stored.height(), wanted);
        }

        assertEquals(orientation.swapsSides() ? 23 : 29, encoded.width());
        assertArrayEquals(wanted, encoded.decode().pixels());
    }

    @Test
    void odd_exif_means_no_orientation_and_never_a_refusal() {
        byte[] good = tiff(ByteOrder.LITTLE_ENDIAN, 6);
        for (int length = 0; length < 22; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertEquals(Orientation.AS_STORED, ExifOrientation.read(cut, 0, length));
        }
        for (int at = 0; at < 18; at++) {
            byte[] changed = good.clone();
            changed[at] ^= (byte) 0xff;
            // more entries than there are do not hide the first one
            Orientation wanted =
                    at == 8 || at == 9 ? Orientation.TURN_RIGHT : Orientation.AS_STORED;
            assertEquals(wanted, ExifOrientation.read(changed, 0, changed.length), "byte " + at);
        }
        assertEquals(
                29, upright(withExif(TestPictures.bytes("baseline.jpg"), new byte[3])).width());
    }

    @Test
    void the_first_exif_of_a_jpeg_counts() {
        byte[] second = withExif(TestPictures.bytes("baseline.jpg"), tiff(ByteOrder.BIG_ENDIAN, 6));
        byte[] both = withExif(second, tiff(ByteOrder.BIG_ENDIAN, 1));

        assertEquals(23, upright(second).width());
        assertEquals(29, upright(both).width());
    }

    @Test
    void a_bmp_whose_alpha_was_never_filled_in_is_opaque() {
        byte[] bmp = TestPictures.bytes("alpha.bmp");
        int pixels = TestPictures.littleEndian(bmp).getInt(10);
        for (int at = pixels + 3; at < pixels + 4 * 29 * 23; at += 4) {
            bmp[at] = 0;
        }
        assertArrayEquals(TestPictures.pillowRgb("alpha.bmp"), upright(bmp).decode().pixels());
    }

    static EncodedPicture upright(byte[] bytes) {
        return EncodedPicture.of(bytes, ImageLimits.DEFAULT, PictureStyle.UPRIGHT);
    }

    /// A TIFF header and a directory with the orientation alone.
    static byte[] tiff(ByteOrder order, int orientation) {
        ByteBuffer tiff = ByteBuffer.allocate(26).order(order);
        tiff.putShort((short) (order == ByteOrder.BIG_ENDIAN ? 0x4d4d : 0x4949));
        tiff.putShort((short) 42).putInt(8).putShort((short) 1);
        tiff.putShort((short) 0x0112).putShort((short) 3).putInt(1).putShort((short) orientation);
        return tiff.array();
    }

    /// The JPEG with Exif right after its beginning.
    static byte[] withExif(byte[] jpeg, byte[] tiff) {
        ByteBuffer with = ByteBuffer.allocate(jpeg.length + 10 + tiff.length);
        with.put(jpeg, 0, 2).putShort((short) 0xffe1).putShort((short) (8 + tiff.length));
        with.put(TestPictures.latin1("Exif\0\0")).put(tiff);
        return with.put(jpeg, 2, jpeg.length - 2).array();
    }

    /// A grey pixel for each letter.
    private static byte[] letters(String letters) {
        byte[] pixels = new byte[3 * letters.length()];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) letters.charAt(i / 3);
        }
        return pixels;
    }
}
