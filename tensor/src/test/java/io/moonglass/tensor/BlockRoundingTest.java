package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class BlockRoundingTest {

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16})
    void scales_and_codes_are_those_of_a_packed_matrix(int numBlocks) {
        for (PanelType type : new PanelType[] {PanelType.Q4, PanelType.Q8}) {
            float[] values = weights(numBlocks);
            BlockRounding rounding = new BlockRounding(type);
            rounding.round(weights(16), 0, 16); // leaves nothing behind for the next
            rounding.round(values, 3, numBlocks);

            try (Arena arena = Arena.ofConfined()) {
                PanelMatrix packed = packed(arena, values, numBlocks, type);
                for (int block = 0; block < numBlocks; block++) {
                    assertEquals(
                            ScalarKernels.scale(packed, block, 0),
                            Float.float16ToFloat(rounding.scale(block)));
                    for (int i = 0; i < BlockRounding.BLOCK_LENGTH; i++) {
                        assertEquals(ScalarKernels.code(packed, block, i), rounding.code(block, i));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q4", "Q8"})
    void what_has_no_scale_is_refused(PanelType type) {
        BlockRounding rounding = new BlockRounding(type);
        for (float value : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, 1e9f}) {
            float[] values = new float[32];
            values[7] = value;
            assertThrows(IllegalArgumentException.class, () -> rounding.round(values, 0, 1));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q4", "Q8"})
    void a_block_that_was_refused_leaves_nothing_behind(PanelType type) {
        BlockRounding rounding = new BlockRounding(type);
        float[] values = new float[16 * 32];
        values[values.length - 1] = Float.NaN;
        assertThrows(IllegalArgumentException.class, () -> rounding.round(values, 0, 16));

        rounding.round(values, 0, 15);
        assertEquals(0, rounding.scale(14));
    }

    private static PanelMatrix packed(Arena arena, float[] values, int numBlocks, PanelType type) {
        MemorySegment rows = arena.allocate(4L * 32 * numBlocks, 64);
        MemorySegment.copy(values, 3, rows, ScalarKernels.F32, 0, 32 * numBlocks);
        return PanelPacker.pack(
                arena, new WeightMatrix(rows, ElementType.F32, numBlocks, 32), type);
    }

    private static float[] weights(int numBlocks) {
        Random random = new Random(numBlocks);
        float[] values = new float[3 + 32 * numBlocks];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
