package io.moonglass.loader.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.PanelPacker;
import io.moonglass.tensor.PanelType;
import io.moonglass.tensor.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GgufEncoderTest {

    private static final int NUM_ROWS =
            19; // one panel and a part, so many blocks at once and a few
    private static final int NUM_COLUMNS = 96;

    @ParameterizedTest
    @EnumSource(names = {"Q4_0", "Q8_0"})
    void blocks_hold_the_numbers_that_a_packed_matrix_holds(GgmlType type) {
        float[] weights = weights();
        float[] decoded = encodeAndDecode(weights, type);

        try (Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocate(4L * weights.length, 64);
            GgufEncoder.of(GgmlType.F32).encode(weights, 0, weights.length, source, 0);
            PanelMatrix packed =
                    PanelPacker.pack(
                            arena,
                            new WeightMatrix(source, ElementType.F32, NUM_ROWS, NUM_COLUMNS),
                            type == GgmlType.Q4_0 ? PanelType.Q4 : PanelType.Q8);
            float[] panels = new float[weights.length];
            for (int row = 0; row < NUM_ROWS; row++) {
                packed.widenRow(row, panels, row * NUM_COLUMNS);
            }
            assertArrayEquals(panels, decoded);
        }
    }

    /// The usual scale makes the weight that is farthest from 0 the number -8.
    @Test
    void four_bits_lose_less_than_with_the_usual_scale() {
        float[] weights = weights();
        float[] usual = weights.clone();
        for (int block = 0; block < usual.length; block += 32) {
            float extreme = 0;
            for (int i = block; i < block + 32; i++) {
                extreme = Math.abs(usual[i]) > Math.abs(extreme) ? usual[i] : extreme;
            }
            float scale = Float.float16ToFloat(Float.floatToFloat16(extreme / -8));
            for (int i = block; i < block + 32; i++) {
                usual[i] = Math.clamp(Math.round(usual[i] / scale), -8, 7) * scale;
            }
        }
        double ours = error(weights, encodeAndDecode(weights, GgmlType.Q4_0));
        assertTrue(ours < 0.95 * error(weights, usual), ours + " of " + error(weights, usual));
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void single_elements_are_rounded_to_the_nearest(GgmlType type) {
        float[] weights = weights();
        weights[0] = 1 + 1f / 256; // halfway between two of BF16: to the even one
        weights[1] = -0f;
        float[] decoded = encodeAndDecode(weights, type);
        float precision =
                switch (type) {
                    case F16 -> 0x1p-11f;
                    case BF16 -> 0x1p-8f;
                    default -> 0;
                };
        float smallest = type == GgmlType.F16 ? 0x1p-25f : 0;
        for (int i = 0; i < weights.length; i++) {
            assertEquals(weights[i], decoded[i], Math.abs(weights[i]) * precision + smallest);
        }
        assertEquals(type == GgmlType.BF16 ? 1 : weights[0], decoded[0]);
        assertEquals(0x8000_0000, Float.floatToRawIntBits(decoded[1]));
    }

    @Test
    void rows_of_zeros_stay_zeros() {
        for (GgmlType type : new GgmlType[] {GgmlType.Q4_0, GgmlType.Q8_0}) {
            assertArrayEquals(new float[64], encodeAndDecode(new float[64], type));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16", "Q8_0", "Q4_0"})
    void what_is_no_number_is_refused(GgmlType type) {
        for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            float[] weights = new float[32];
            weights[31] = value;
            assertThrows(IllegalArgumentException.class, () -> encodeAndDecode(weights, type));
        }
    }

    @Test
    void what_is_too_large_or_no_whole_block_is_refused() {
        float[] weights = new float[48];
        weights[3] = 70_000;
        assertThrows(IllegalArgumentException.class, () -> encodeAndDecode(weights, GgmlType.F16));
        assertThrows(IllegalArgumentException.class, () -> encodeAndDecode(weights, GgmlType.Q8_0));
        assertThrows(IllegalArgumentException.class, () -> GgufEncoder.of(GgmlType.Q4_K));
    }

    private static float[] encodeAndDecode(float[] weights, GgmlType type) {
        // What lies before and behind is not touched.
        byte[] bytes = new byte[(int) type.bytes(weights.length) + 6];
        MemorySegment target = MemorySegment.ofArray(bytes);
        GgufEncoder encoder = GgufEncoder.of(type);
        float[] shifted = new float[weights.length + 5];
        System.arraycopy(weights, 0, shifted, 5, weights.length);
        encoder.encode(shifted, 5, weights.length, target, 3);
        for (int i = 0; i < 3; i++) {
            assertEquals(0, bytes[i]);
            assertEquals(0, bytes[bytes.length - 1 - i]);
        }
        float[] decoded = new float[weights.length];
        type.decode(target, 3, weights.length / type.blockLength(), decoded, 0);
        return decoded;
    }

    private static double error(float[] expected, float[] actual) {
        double squares = 0;
        for (int i = 0; i < expected.length; i++) {
            squares += Math.pow(expected[i] - actual[i], 2);
        }
        return squares;
    }

    private static float[] weights() {
        Random random = new Random(7);
        float[] weights = new float[NUM_ROWS * NUM_COLUMNS];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = (float) (random.nextGaussian() * 0.02);
        }
        return weights;
    }
}
