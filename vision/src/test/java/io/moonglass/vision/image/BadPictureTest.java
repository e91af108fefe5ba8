package io.moonglass.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class BadPictureTest {

    private static final ImageDecoder DECODER =
            new ImageDecoder(ImageLimits.DEFAULT, PictureStyle.UPRIGHT, 1);

    static final List<Arguments> OTHER_FORMATS =
            List.of(
                    arguments("II*\0", "this is a TIFF; convert it to PNG"),
                    arguments("MM\0*", "this is a TIFF; convert it to PNG"),
                    arguments("\0\0\0\fjP  \r\n..", "this is a JPEG 2000 image; convert it to PNG"),
                    arguments("\u00ffO\u00ffQ...", "this is a JPEG 2000 image; convert it to PNG"),
                    arguments("\u00ff\n...", "this is a JPEG XL image; convert it to PNG"),
                    arguments("v/1\u0001..", "this is an OpenEXR image; convert it to PNG"),
                    arguments("#?RADIANCE..", "this is a Radiance HDR image; convert it to PNG"),
                    arguments("8BPS..", "this is a Photoshop document; save it as PNG"),
                    arguments(
                            "%PDF-1.7....",
                            "this is a PDF; send it as a file, or its pages as PNG"),
                    arguments("....ftypavif", "this is an AVIF image; convert it to PNG"),
                    arguments("....ftypheic", "this is a HEIC image; convert it to JPEG"),
                    arguments("....ftypisom", "this is an MP4 video; send it as a video"),
                    arguments(
                            "\u001aE\u00df\u00a3",
                            "this is a Matroska or WebM video; send it as a video"),
                    arguments("RIFF....AVI ", "this is an AVI video; send it as a video"),
                    arguments("<svg xmlns='...'/>", "this is an SVG drawing; convert it to PNG"),
                    arguments("<?xml?> <svg/>....", "this is an SVG drawing; convert it to PNG"),
                    arguments(
                            "\u00ef\u00bb\u00bf <!DOCTYPE html><title>404",
                            "this is an HTML page; send the picture itself"),
                    arguments("<HTML>", "this is an HTML page; send the picture itself"),
                    arguments(
                            "{\"error\": \"none\"}",
                            "the bytes are no PNG, JPEG, WebP, GIF or BMP image; convert it to one of these"));

    @AfterAll
    static void close() {
        DECODER.close();
    }

    @AfterEach
    void a_good_picture_still_works() {
        assertEquals(29, DECODER.decode(TestPictures.bytes("rgb.png")).width());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "B",
                "RIFF",
                "hello",
                "<svg xmlns='http://www.w3.org/2000/svg'/>",
                "<?xml version='1.0'?><svg/>",
                "<!DOCTYPE html><html/>",
                "%PDF-1.7",
                "II*\u0000\u0008\u0000\u0000\u0000", // TIFF
                "MM\u0000*\u0000\u0000\u0000\u0008",
                "\u0000\u0000\u0000\u000cjP  \r\n\u0087\n", // JPEG 2000
                "\u00ffO\u00ffQ\u0000",
                "v/1\u0001\u0002\u0000\u0000\u0000", // OpenEXR
                "#?RADIANCE\n",
                "P6 1 1 255 abc",
                "\u0000\u0000\u0000\u001cftypavif",
                "RIFF\u0024\u0000\u0000\u0000WAVE",
                "\u0089PNG\r\n\u001a" // one byte short of a signature
            })
    void other_formats_are_refused_by_their_first_bytes(String content) {
        refused(Kind.UNSUPPORTED_MEDIA, TestPictures.latin1(content));
    }

    @ParameterizedTest
    @FieldSource("OTHER_FORMATS")
    void a_refusal_says_what_was_sent_where_that_is_known(String content, String message) {
        assertEquals(message, refusal(TestPictures.latin1(content)).getMessage());
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 3000", "3000, 1", "1, 10000", "10000, 1"})
    void the_thinnest_pictures_are_read_in_every_format_that_has_them(int width, int height) {
        byte[] png = Bombs.png(width, height, 8, 2);
        byte[] gif = Bombs.gif(width, height);
        byte[] bmp = Bombs.bmp(width, height);
        byte[] jpeg = TestPictures.bytes("baseline.jpg");
        ByteBuffer.wrap(jpeg).putShort(frameSize(jpeg), (short) height);
        ByteBuffer.wrap(jpeg).putShort(frameSize(jpeg) + 2, (short) width);

        for (byte[] picture : new byte[][] {png, gif, bmp, jpeg}) {
            Picture decoded = DECODER.decode(picture);
            assertEquals(width, decoded.width());
            assertEquals(height, decoded.height());
        }
    }

    @Test
    void colour_profiles_change_nothing_however_odd() {
        byte[] png = TestPictures.bytes("rgb.png");
        byte[] jpeg = TestPictures.bytes("baseline.jpg");
        for (byte[] profile : new byte[][] {{}, {0}, new byte[60_000], {'x', 0, 9, 1, 2, 3}}) {
            assertArrayEquals(
                    DECODER.decode(png).pixels(),
                    DECODER.decode(Bombs.withChunk(png, "iCCP", profile)).pixels());
            assertArrayEquals(
                    DECODER.decode(jpeg).pixels(),
                    DECODER.decode(Bombs.withSegment(jpeg, 0xe2, profile)).pixels());
        }
    }

    @ParameterizedTest
    @FieldSource("io.moonglass.vision.image.TestPictures#VARIETY")
    void a_picture_that_is_cut_short_anywhere_is_refused(String name) {
        byte[] whole = TestPictures.bytes(name);
        int needed = neededBytes(name, whole);
        for (int length = 12; length < needed; length += 7) {
            refused(Kind.INVALID_IMAGE, Arrays.copyOf(whole, length));
        }
        refused(Kind.INVALID_IMAGE, Arrays.copyOf(whole, needed - 1));
    }

    @Test
    void pixels_that_end_early_in_a_whole_container_are_refused() {
        byte[] png = TestPictures.bytes("rgb.png");
        int header = 8 + 25;
        int data = ByteBuffer.wrap(png).getInt(header);
        byte[] half = new byte[header + 12 + data / 2 + 12];
        System.arraycopy(png, 0, half, 0, header + 8 + data / 2);
        ByteBuffer.wrap(half).putInt(header, data / 2);
        System.arraycopy(png, png.length - 12, half, half.length - 12, 12);
        TestPictures.mendChecksums(half);

        refused(Kind.INVALID_IMAGE, half);
    }

    @Test
    void a_png_with_a_wrong_checksum_is_refused() {
        byte[] png = TestPictures.bytes("rgb.png");
        png[60] ^= 1;
        refused(Kind.INVALID_IMAGE, png);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 20_000, 65_535})
    void declared_sizes_are_judged_before_anything_is_decoded(int side) {
        byte[] png = TestPictures.bytes("rgb.png");
        ByteBuffer.wrap(png).putInt(16, side).putInt(20, side);
        byte[] jpeg = TestPictures.bytes("baseline.jpg");
        ByteBuffer.wrap(jpeg).putShort(frameSize(jpeg), (short) side);
        ByteBuffer.wrap(jpeg).putShort(frameSize(jpeg) + 2, (short) side);
        byte[] gif = TestPictures.bytes("palette.gif");
        TestPictures.littleEndian(gif).putShort(6, (short) side).putShort(8, (short) side);
        byte[] bmp = TestPictures.bytes("rgb.bmp");
        TestPictures.littleEndian(bmp).putInt(18, side).putInt(22, side);

        Kind kind = side == 0 ? Kind.INVALID_IMAGE : Kind.MEDIA_TOO_LARGE;
        for (byte[] picture : new byte[][] {png, jpeg, gif, bmp}) {
            refused(kind, picture);
        }
    }

    @Test
    void webp_sizes_are_judged_in_all_three_kinds_of_header() {
        byte[] lossy = TestPictures.bytes("lossy.webp");
        TestPictures.littleEndian(lossy).putInt(26, 0x3fff3fff);
        byte[] lossless = TestPictures.bytes("lossless.webp");
        TestPictures.littleEndian(lossless).putInt(21, 0x0fffffff);
        byte[] extended = TestPictures.bytes("animated.webp");
        Arrays.fill(extended, 24, 30, (byte) 0xff);

        for (byte[] picture : new byte[][] {lossy, lossless, extended}) {
            refused(Kind.MEDIA_TOO_LARGE, picture);
        }
    }

    @Test
    void sides_near_the_integers_end_do_not_wrap() {
        byte[] png = TestPictures.bytes("rgb.png");
        ByteBuffer.wrap(png).putInt(16, -1).putInt(20, -1);
        refused(Kind.MEDIA_TOO_LARGE, png);
        byte[] bmp = TestPictures.bytes("rgb.bmp");
        TestPictures.littleEndian(bmp).putInt(18, 1).putInt(22, Integer.MIN_VALUE);
        refused(Kind.MEDIA_TOO_LARGE, bmp);
    }

    @Test
    void chunks_that_claim_more_than_there_is_are_refused() {
        for (int claimed : new int[] {Integer.MAX_VALUE, -1, Integer.MIN_VALUE, 100_000}) {
            byte[] png = TestPictures.bytes("rgb.png");
            ByteBuffer.wrap(png).putInt(33, claimed);
            refused(Kind.INVALID_IMAGE, png);
            byte[] webp = TestPictures.bytes("lossy.webp");
            TestPictures.littleEndian(webp).putInt(16, claimed);
            refused(Kind.INVALID_IMAGE, webp);
            byte[] riff = TestPictures.bytes("lossy.webp");
            TestPictures.littleEndian(riff).putInt(4, claimed);
            refused(Kind.INVALID_IMAGE, riff);
            byte[] bmp = TestPictures.bytes("rgb.bmp");
            TestPictures.littleEndian(bmp).putInt(10, claimed);
            refused(Kind.INVALID_IMAGE, bmp);
        }
    }

    @Test
    void a_jpeg_of_endless_scans_is_refused() {
        assertEquals(29, DECODER.decode(withMoreScans(50)).width());
        refused(Kind.INVALID_IMAGE, withMoreScans(100));
    }

    @Test
    void a_gif_whose_frame_ends_early_is_refused() {
        byte[] gif = TestPictures.bytes("palette.gif");
        int firstBlock = 13 + 3 * (2 << (gif[10] & 7)) + 10 + 1;
        int secondBlock = firstBlock + 1 + (gif[firstBlock] & 0xff);
        byte[] half = Arrays.copyOf(gif, secondBlock + 1);
        half[secondBlock] = 0;
        refused(Kind.INVALID_IMAGE, half);
    }

    @Test
    void a_gif_frame_outside_its_screen_is_refused() {
        byte[] gif = TestPictures.bytes("palette.gif");
        TestPictures.littleEndian(gif).putShort(6, (short) 28);
        refused(Kind.INVALID_IMAGE, gif);
    }

    @Test
    void rare_bmp_layouts_are_refused() {
        byte[] compressed = TestPictures.bytes("palette.bmp");
        TestPictures.littleEndian(compressed).putInt(30, 1);
        byte[] sixteenBits = TestPictures.bytes("rgb.bmp");
        TestPictures.littleEndian(sixteenBits).putShort(28, (short) 16);
        byte[] swappedMasks = TestPictures.bytes("alpha.bmp");
        TestPictures.littleEndian(swappedMasks).putInt(54, 0xff).putInt(62, 0xff0000);

        for (byte[] bmp : new byte[][] {compressed, sixteenBits, swappedMasks}) {
            refused(Kind.UNSUPPORTED_MEDIA, bmp);
        }
    }

    @Test
    void the_byte_limit_holds() {
        byte[] png = TestPictures.bytes("rgb.png");
        try (ImageDecoder exact =
                        new ImageDecoder(
                                new ImageLimits(png.length, 29 * 23), PictureStyle.UPRIGHT, 1);
                ImageDecoder bytes =
                        new ImageDecoder(
                                new ImageLimits(png.length - 1, 1000), PictureStyle.UPRIGHT, 1);
                ImageDecoder pixels =
                        new ImageDecoder(
                                new ImageLimits(1000_000, 29 * 23 - 1), PictureStyle.UPRIGHT, 1)) {
            assertEquals(29, exact.decode(png).width());
            for (ImageDecoder decoder : new ImageDecoder[] {bytes, pixels}) {
                InvalidRequestException refusal =
                        assertThrows(InvalidRequestException.class, () -> decoder.decode(png));
                assertEquals(Kind.MEDIA_TOO_LARGE, refusal.kind());
            }
        }
    }

    @Test
    void limits_that_no_array_could_hold_are_the_operators_fault() {
        assertThrows(ConfigException.class, () -> new ImageLimits(0, 1));
        assertThrows(ConfigException.class, () -> new ImageLimits(1, 0));
        assertThrows(ConfigException.class, () -> new ImageLimits(1, 1L << 31));
    }

    @ParameterizedTest
    @FieldSource("io.moonglass.vision.image.TestPictures#VARIETY")
    void whatever_is_changed_only_the_caller_is_blamed(String name) {
        byte[] whole = TestPictures.bytes(name);
        Random random = new Random(name.hashCode());
        for (int i = 0; i < 250; i++) {
            byte[] changed = whole.clone();
            // half of the changes near the header, where they do more
            int reach = i % 2 == 0 ? Math.min(64, changed.length) : changed.length;
            for (int change = 0; change <= random.nextInt(4); change++) {
                changed[12 + random.nextInt(reach - 12)] = (byte) random.nextInt(256);
            }
            if (name.endsWith(".png")) {
                TestPictures.mendChecksums(changed);
            }
            decodeOrRefuse(changed);
        }
    }

    @ParameterizedTest
    @FieldSource("io.moonglass.vision.image.TestPictures#VARIETY")
    void random_bytes_after_a_valid_beginning_only_blame_the_caller(String name) {
        byte[] bytes = TestPictures.bytes(name);
        Random random = new Random(name.hashCode());
        for (int i = 0; i < 50; i++) {
            byte[] noise = new byte[random.nextInt(2000) + 32];
            random.nextBytes(noise);
            System.arraycopy(bytes, 0, noise, 0, Math.min(noise.length, 12 + i));
            if (name.endsWith(".png")) {
                TestPictures.mendChecksums(noise);
            }
            decodeOrRefuse(noise);
        }
    }

    private static void decodeOrRefuse(byte[] bytes) {
        try {
            DECODER.decode(bytes);
        } catch (InvalidRequestException expected) {
            assertFalse(expected.getMessage().isBlank());
        }
    }

    private static void refused(Kind kind, byte[] bytes) {
        InvalidRequestException refusal = refusal(bytes);
        assertEquals(kind, refusal.kind(), refusal.getMessage());
    }

    private static InvalidRequestException refusal(byte[] bytes) {
        return assertThrows(InvalidRequestException.class, () -> DECODER.decode(bytes));
    }

    /// All but a GIF's last byte, and of an animated one as much as surely belongs to the first frame.
    private static int neededBytes(String name, byte[] whole) {
        return switch (name) {
            case "palette.gif" -> whole.length - 1;
            case "animated.gif" -> whole.length / 3;
            default -> whole.length;
        };
    }

    /// A progressive JPEG with as many empty passes over the lowest bit put before its end.
    private static byte[] withMoreScans(int count) {
        byte[] jpeg = TestPictures.bytes("progressive.jpg");
        byte[] scan = {(byte) 0xff, (byte) 0xda, 0, 8, 1, 1, 0, 0, 0, 0x10};
        ByteBuffer longer = ByteBuffer.allocate(jpeg.length + count * scan.length);
        longer.put(jpeg, 0, jpeg.length - 2);
        for (int i = 0; i < count; i++) {
            longer.put(scan);
        }
        return longer.put(jpeg, jpeg.length - 2, 2).array();
    }

    /// Where a JPEG's frame header holds height and width.
    private static int frameSize(byte[] jpeg) {
        for (int at = 0; ; at++) {
            if ((jpeg[at] & 0xff) == 0xff && (jpeg[at + 1] & 0xff) == 0xc0) {
                return at + 5;
            }
        }
    }
}
