package io.moonglass.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReducedDecodingTest {

    /// The tolerance that [JpegDecoding#REDUCED] states.
    private static final double MOST_ON_AVERAGE = 2.5;

    private static final int MOST_OF_999_IN_1000 = 20;

    @ParameterizedTest
    @CsvSource({
        // what 4096 patches leave of 12 megapixels
        "LANDSCAPE, 4000, 3000, 1, 1036, 777, 2",
        "PAGE, 4000, 3000, 1, 1036, 777, 2",
        "EDGES, 4032, 3024, 6, 775, 1034, 2",
        // sides that no reduction divides, from all corners
        "EDGES, 4003, 2997, 1, 517, 387, 4",
        "EDGES, 4003, 2997, 3, 517, 387, 4",
        "EDGES, 4003, 2997, 6, 387, 517, 4",
        "EDGES, 4003, 2997, 8, 387, 517, 4",
        "PAGE, 4001, 3001, 3, 517, 387, 4",
        "LANDSCAPE, 4007, 3005, 3, 250, 187, 8",
        "EDGES, 4001, 3001, 3, 250, 187, 8",
        "PAGE, 4001, 3001, 1, 250, 187, 8",
    })
    void the_fitted_picture_stays_within_the_stated_tolerance(
            Photographs.Subject subject,
            int storedWidth,
            int storedHeight,
            int exif,
            int width,
            int height,
            int reduction) {
        byte[] jpeg =
                UprightPictureTest.withExif(
                        Photographs.jpeg(subject, storedWidth, storedHeight, 90),
                        UprightPictureTest.tiff(ByteOrder.BIG_ENDIAN, exif));
        EncodedPicture encoded = UprightPictureTest.upright(jpeg);
        Picture reduced = encoded.decode(JpegDecoding.REDUCED, width, height);
        Differences differences =
                Differences.between(
                        PictureResizer.resize(encoded.decode(), width, height),
                        PictureResizer.resize(reduced, width, height));

        assertEquals(Math.ceilDiv(encoded.width(), reduction), reduced.width());
        assertTrue(differences.mean < MOST_ON_AVERAGE, differences.toString());
        assertTrue(differences.of999In1000 <= MOST_OF_999_IN_1000, differences.toString());
    }

    @Test
    void pictures_that_are_hardly_shrunk_are_decoded_in_full() {
        byte[] jpeg = Photographs.jpeg(Photographs.Subject.EDGES, 640, 480, 90);
        EncodedPicture encoded = UprightPictureTest.upright(jpeg);
        for (int wanted : new int[] {640, 500, 400}) {
            Picture reduced = encoded.decode(JpegDecoding.REDUCED, wanted, wanted * 3 / 4);
            assertArrayEquals(encoded.decode().pixels(), reduced.pixels());
        }
        assertEquals(320, encoded.decode(JpegDecoding.REDUCED, 160, 120).width());
    }

    @Test
    void the_narrower_direction_decides() {
        byte[] jpeg = Photographs.jpeg(Photographs.Subject.EDGES, 640, 480, 90);
        EncodedPicture encoded = UprightPictureTest.upright(jpeg);
        assertEquals(640, encoded.decode(JpegDecoding.REDUCED, 10, 400).width());
    }

    @ParameterizedTest
    @ValueSource(strings = {"rgb.png", "lossy.webp", "palette.gif", "rgb.bmp"})
    void other_formats_are_always_decoded_in_full(String name) {
        EncodedPicture encoded = UprightPictureTest.upright(TestPictures.bytes(name));
        assertEquals(29, encoded.decode(JpegDecoding.REDUCED, 1, 1).width());
    }

    @Test
    void exact_decoding_never_depends_on_the_wanted_size() {
        EncodedPicture encoded = UprightPictureTest.upright(TestPictures.bytes("baseline.jpg"));
        assertArrayEquals(
                encoded.decode().pixels(), encoded.decode(JpegDecoding.EXACT, 1, 1).pixels());
    }

    /// @param mean        of the absolute differences of all bytes
    /// @param of999In1000 what 99.9 % of them do not exceed
    private record Differences(double mean, int of999In1000) {

        static Differences between(RgbImage one, RgbImage other) {
            int[] counts = new int[256];
            long sum = 0;
            for (int i = 0; i < one.rgb().length; i++) {
                int difference = Math.abs((one.rgb()[i] & 0xff) - (other.rgb()[i] & 0xff));
                counts[difference]++;
                sum += difference;
            }
            int most = 255;
            long above = counts[255];
            while (above * 1000 <= one.rgb().length) {
                above += counts[--most];
            }
            return new Differences((double) sum / one.rgb().length, most);
        }
    }
}
