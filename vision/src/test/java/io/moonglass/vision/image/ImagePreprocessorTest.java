package io.moonglass.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.safetensors.SafetensorsFile;
import io.moonglass.vision.GoldenPictures;
import io.moonglass.vision.ImagePatches;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ImagePreprocessorTest {

    private static final double[] HALF = {0.5, 0.5, 0.5};

    @ParameterizedTest
    @MethodSource("io.moonglass.vision.GoldenPictures#names")
    void recorded_pictures_become_exactly_the_recorded_patches(String name) {
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile golden =
                    SafetensorsFile.map(
                            TestModels.golden().resolve("preprocess.safetensors"), arena);
            ImagePreprocessor preprocessor = GoldenPictures.preprocessor();

            RgbImage fitted = preprocessor.fit(GoldenPictures.decoded(name));
            ImagePatches patches = preprocessor.patchify(fitted);

            byte[] fittedRgb =
                    golden.tensor(name + ".fitted_rgb").data().toArray(ValueLayout.JAVA_BYTE);
            assertArrayEquals(fittedRgb, fitted.rgb());
            assertArrayEquals(
                    golden.tensor(name + ".grid_hw").integers(),
                    new long[] {patches.gridHeight(), patches.gridWidth()});
            assertArrayEquals(golden.tensor(name + ".patches").floats(), patches.patches());
        }
    }

    @Test
    void sizes_and_token_counts_follow_the_recorded_table() throws IOException {
        JsonNode table =
                new ObjectMapper()
                        .readTree(TestModels.golden().resolve("image_sizes.json").toFile());
        for (JsonNode row : table) {
            ImagePreprocessor preprocessor = padding(row.get("in_token_limit").intValue());
            int width = row.get("size_wh").get(0).intValue();
            int height = row.get("size_wh").get(1).intValue();
            if (row.get("rejected").booleanValue()) {
                InvalidRequestException refusal =
                        assertThrows(
                                InvalidRequestException.class,
                                () -> preprocessor.fittedSize(width, height),
                                row::toString);
                assertEquals(InvalidRequestException.Kind.MEDIA_TOO_LARGE, refusal.kind());
                continue;
            }
            FittedSize wanted =
                    new FittedSize(
                            row.get("shrunk_wh").get(0).intValue(),
                            row.get("shrunk_wh").get(1).intValue(),
                            row.get("padded_wh").get(0).intValue(),
                            row.get("padded_wh").get(1).intValue(),
                            row.get("grid_hw").get(0).intValue(),
                            row.get("grid_hw").get(1).intValue());
            FittedSize fitted = preprocessor.fittedSize(width, height);
            assertEquals(wanted, fitted, row::toString);
            assertEquals(row.get("tokens").intValue(), fitted.numTokens(), row::toString);
        }
        assertTrue(table.size() > 10);
    }

    @Test
    void one_pixel_is_padded_with_black_to_one_token() {
        Picture pixel = new Picture(1, 1, Picture.Mode.RGB, new byte[] {(byte) 255, 0, 51});
        ImagePatches patches = padding(4096).preprocess(pixel);

        assertEquals(1, patches.numTokens());
        assertEquals(1f, patches.patches()[0]);
        assertEquals((51 / 255f - 0.5f) / 0.5f, patches.patches()[2 * 14 * 14]);
        patches.patches()[0] = -1;
        patches.patches()[2 * 14 * 14] = -1;
        float[] black = new float[4 * 3 * 14 * 14];
        Arrays.fill(black, -1);
        assertArrayEquals(black, patches.patches());
    }

    @ParameterizedTest
    @CsvSource({
        "1, 10000", // never shrunk, because it is not one patch wide
        "7169, 14",
        "14, 2000000000" // would shrink to no width at all
    })
    void sizes_that_cannot_be_encoded_are_refused(int width, int height) {
        InvalidRequestException refusal =
                assertThrows(
                        InvalidRequestException.class,
                        () -> padding(4096).fittedSize(width, height));
        assertEquals(InvalidRequestException.Kind.MEDIA_TOO_LARGE, refusal.kind());
    }

    @Test
    void no_size_is_too_large_to_count() {
        assertEquals(1024, padding(4096).fittedSize(2147483647, 2147483647).numTokens());
    }

    @Test
    void padding_counts_towards_the_longest_side() {
        // 510 patches are 255 cells; one pixel more pads to 512
        assertEquals(510, padding(4096).fittedSize(7140, 28).gridWidth());
        assertThrows(InvalidRequestException.class, () -> padding(4096).fittedSize(7141, 28));
    }

    @Test
    void cropping_takes_the_middle_and_rounds_its_offset_half_to_even() {
        // 31 - 28 = 3 leaves 1.5, which rounds to 2; 29 - 28 = 1 leaves 0.5, which rounds to 0
        byte[] rgb = new byte[31 * 29 * 3];
        rgb[(0 * 31 + 2) * 3] = (byte) 255;
        ImagePatches patches = cropping().preprocess(new Picture(31, 29, Picture.Mode.RGB, rgb));

        assertEquals(4, patches.numPatches());
        assertEquals(1f, patches.patches()[0]);
    }

    @ParameterizedTest
    @CsvSource({"42, 28", "28, 14", "13, 28"})
    void cropping_to_an_odd_grid_is_refused(int width, int height) {
        InvalidRequestException refusal =
                assertThrows(
                        InvalidRequestException.class, () -> cropping().fittedSize(width, height));
        assertEquals(InvalidRequestException.Kind.UNSUPPORTED_FEATURE, refusal.kind());
    }

    private static ImagePreprocessor padding(int inTokenLimit) {
        return new ImagePreprocessor(new PreprocessorConfig(14, inTokenLimit, true, HALF, HALF, 2));
    }

    private static ImagePreprocessor cropping() {
        return new ImagePreprocessor(new PreprocessorConfig(14, 4096, false, HALF, HALF, 2));
    }
}
