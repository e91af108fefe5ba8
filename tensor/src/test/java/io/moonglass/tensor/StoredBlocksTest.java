package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class StoredBlocksTest {

    private static final int NUM_ROWS = 19;
    private static final int NUM_COLUMNS = 512;

    private static final int[] CODEBOOK = {
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
    };

    private final Arena arena = Arena.ofConfined();
    private final Random random = new Random(5);

    @AfterEach
    void close() {
        arena.close();
    }

    @ParameterizedTest
    @CsvSource({
        "Q4_0, Q4",
        "Q4_0, Q8",
        "Q4_1, Q4A",
        "Q5_0, Q8",
        "Q8_0, Q8",
        "IQ4_NL, Q8",
        "Q3_K, Q8"
    })
    void panels_hold_exactly_the_weights_of_the_blocks(BlockLayout layout, PanelType type) {
        StoredBlocks blocks = randomBlocks(layout);
        PanelMatrix packed = packed(blocks, type);

        float[] row = new float[NUM_COLUMNS];
        for (int i = 0; i < NUM_ROWS; i++) {
            packed.widenRow(i, row, 0);
            assertArrayEquals(decoded(blocks, i), withoutMinusZeros(row), "row " + i);
        }
    }

    /// -128 times -1: every number that [BlockLayout#Q3_K] can make, and the largest of them.
    @Test
    void the_largest_product_of_q3_k_fits() {
        StoredBlocks blocks = randomBlocks(BlockLayout.Q3_K);
        blocks.data.asSlice(0, 108).fill((byte) 0); // -4 times -32 everywhere
        float[] row = new float[NUM_COLUMNS];
        packed(blocks, PanelType.Q8).widenRow(0, row, 0);
        for (int i = 0; i < 256; i++) {
            assertEquals(128 * half(blocks.data, 108), row[i]);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q4_K", "IQ4_XS"})
    void scales_that_are_products_and_minima_are_the_nearest_float16_numbers(BlockLayout layout) {
        StoredBlocks blocks = randomBlocks(layout);
        PanelMatrix packed = packed(blocks, layout.panels());

        float[] row = new float[NUM_COLUMNS];
        for (int i = 0; i < NUM_ROWS; i++) {
            packed.widenRow(i, row, 0);
            float[] exact = decoded(blocks, i);
            for (int k = 0; k < NUM_COLUMNS; k++) {
                float scale = ScalarKernels.code(packed, i, k) * scale(packed, i, k);
                float minimum = ScalarKernels.minimum(packed, i, k / 32);
                float bound = (Math.abs(scale) + Math.abs(minimum)) / 2048 + 1e-6f;
                assertEquals(exact[k], row[k], bound, "row %d, %d".formatted(i, k));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void all_kernels_multiply_alike_with_any_bits_of_blocks(BlockLayout layout) {
        PanelMatrix weight = packed(randomBlocks(layout), layout.panels());
        for (int numRows : new int[] {1, 4, 13}) {
            QuantizedRows x = QuantizedRows.allocate(arena, numRows, NUM_COLUMNS);
            float[] values = TestWeights.random(random, numRows * NUM_COLUMNS, 1);
            Kernels.quantize(FloatMatrix.of(arena, NUM_COLUMNS, values), x);
            FloatMatrix expected = FloatMatrix.allocate(arena, numRows, NUM_ROWS);
            FloatMatrix actual = FloatMatrix.allocate(arena, numRows, NUM_ROWS);
            new ScalarKernels().linear(x, weight, expected, 0, weight.numPanels());
            for (KernelSet kernels : TestKernels.others()) {
                kernels.linear(x, weight, actual, 0, weight.numPanels());
                assertArrayEquals(expected.toArray(), actual.toArray(), kernels.name());
            }
        }
    }

    @Test
    void a_number_that_does_not_fit_and_a_scale_that_is_not_finite_are_refused() {
        StoredBlocks blocks = randomBlocks(BlockLayout.Q8_0);
        for (int i = 0; i < 32; i++) {
            byte[] odd = {8, -9, 127, -128};
            blocks.data.asSlice(2, 32).fill((byte) -8);
            blocks.data.set(ValueLayout.JAVA_BYTE, 2 + i, odd[i % 4]);
            assertTrue(refusal(blocks, PanelType.Q4).contains("row 0, columns from 0: a number"));
        }
        for (float odd : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
            blocks.data.set(PanelPacker.FLOAT16, 34, Float.floatToFloat16(odd));
            assertTrue(refusal(blocks, PanelType.Q8).startsWith("row 0, columns from 32: a scale"));
        }
    }

    @Test
    void a_minimum_goes_into_affine_panels_alone_and_must_be_finite() {
        StoredBlocks blocks = randomBlocks(BlockLayout.Q4_1);
        assertTrue(refusal(blocks, PanelType.Q8).contains("which Q8 cannot hold"));
        blocks.data.set(PanelPacker.FLOAT16, 20 + 2, Float.floatToFloat16(Float.NaN));
        assertTrue(refusal(blocks, PanelType.Q4A).contains("row 0, columns from 32"));
    }

    @Test
    void a_matrix_of_another_shape_or_size_is_refused() {
        StoredBlocks blocks = randomBlocks(BlockLayout.Q8_0);
        PanelMatrix other = panels(PanelType.Q8, NUM_ROWS + 1, NUM_COLUMNS);
        assertThrows(
                IllegalArgumentException.class,
                () -> new PanelPacker().packBlocks(blocks, other, 0));
        MemorySegment data = blocks.data;
        for (int numColumns : new int[] {NUM_COLUMNS - 32, NUM_COLUMNS - 1, NUM_COLUMNS + 1, 0}) {
            assertThrows(
                    IllegalArgumentException.class,
                    () -> new StoredBlocks(data, BlockLayout.Q8_0, NUM_ROWS, numColumns));
        }
    }

    private String refusal(StoredBlocks blocks, PanelType type) {
        return assertThrows(IllegalArgumentException.class, () -> packed(blocks, type))
                .getMessage();
    }

    /// The weights by the blocks' definition.
    private static float[] decoded(StoredBlocks blocks, int row) {
        float[] values = new float[blocks.numColumns()];
        BlockLayout layout = blocks.layout;
        int numBlocks = blocks.numColumns() / layout.length();
        for (int block = 0; block < numBlocks; block++) {
            MemorySegment stored =
                    blocks.data.asSlice(
                            (long) (row * numBlocks + block) * layout.bytes(), layout.bytes());
            for (int i = 0; i < layout.length(); i++) {
                values[block * layout.length() + i] = decoded(layout, stored, i);
            }
        }
        return values;
    }

    private static float decoded(BlockLayout layout, MemorySegment block, int i) {
        float decoded = value(layout, block, i);
        return decoded == 0 ? 0 : decoded;
    }

    /// A zero may have any sign: it makes no difference to a product.
    private static float[] withoutMinusZeros(float[] row) {
        float[] plain = new float[row.length];
        for (int i = 0; i < row.length; i++) {
            plain[i] = row[i] == 0 ? 0 : row[i];
        }
        return plain;
    }

    private static float value(BlockLayout layout, MemorySegment block, int i) {
        return switch (layout) {
            case Q4_0 -> (nibble(block, 2, i) - 8) * half(block, 0);
            case Q4_1 -> nibble(block, 4, i) * half(block, 0) + half(block, 2);
            case Q5_0 -> {
                int fifth = unsigned(block, 2 + i / 8) >> i % 8 & 1;
                yield (nibble(block, 6, i) + 16 * fifth - 16) * half(block, 0);
            }
            case Q4_K -> {
                int part = i / 32;
                int both = unsigned(block, 16 + part / 2 * 32 + i % 32);
                int number = part % 2 == 0 ? both & 15 : both >> 4;
                int scale;
                int minimum;
                if (part < 4) {
                    scale = unsigned(block, 4 + part) % 64;
                    minimum = unsigned(block, 8 + part) % 64;
                } else {
                    scale = unsigned(block, 8 + part) % 16 + unsigned(block, part) / 64 * 16;
                    minimum = unsigned(block, 8 + part) / 16 + unsigned(block, 4 + part) / 64 * 16;
                }
                yield half(block, 0) * scale * number - half(block, 2) * minimum;
            }
            case Q8_0 -> block.get(ValueLayout.JAVA_BYTE, 2 + i) * half(block, 0);
            case IQ4_NL -> CODEBOOK[nibble(block, 2, i)] * half(block, 0);
            case Q3_K -> {
                int pair = unsigned(block, 32 + i / 128 * 32 + i % 32) >> i / 32 % 4 * 2 & 3;
                int third = unsigned(block, i % 32) >> i / 32 & 1;
                int part = i / 16;
                int low = unsigned(block, 96 + part % 8) >> part / 8 * 4 & 15;
                int high = unsigned(block, 104 + part % 4) >> part / 4 * 2 & 3;
                yield half(block, 108) * (low + 16 * high - 32) * (pair + 4 * third - 4);
            }
            case IQ4_XS -> {
                int part = i / 32;
                int low = unsigned(block, 4 + part / 2) >> part % 2 * 4 & 15;
                int high = unsigned(block, 2 + part / 4) >> part % 4 * 2 & 3;
                int scale = low + 16 * high - 32;
                yield half(block, 0) * scale * CODEBOOK[nibble(block, 8 + 16 * part, i % 32)];
            }
        };
    }

    /// Of 16 bytes from `at` on.
    private static int nibble(MemorySegment block, int at, int i) {
        int both = unsigned(block, at + i % 16);
        return i < 16 ? both & 15 : both >> 4;
    }

    private static int unsigned(MemorySegment block, int at) {
        return Byte.toUnsignedInt(block.get(ValueLayout.JAVA_BYTE, at));
    }

    private static float scale(PanelMatrix weight, int row, int column) {
        return ScalarKernels.scale(weight, row, column / QuantizedRows.BLOCK_COLUMNS);
    }

    private static float half(MemorySegment block, int at) {
        return Float.float16ToFloat(block.get(PanelPacker.FLOAT16, at));
    }

    /// At an odd address, as tensors in a file may lie.
    private StoredBlocks randomBlocks(BlockLayout layout) {
        int numBlocks = NUM_ROWS * NUM_COLUMNS / layout.length();
        MemorySegment data = arena.allocate((long) numBlocks * layout.bytes() + 1).asSlice(1);
        for (long i = 0; i < data.byteSize(); i++) {
            data.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
        }
        for (long block = 0; block < numBlocks; block++) {
            int first = layout == BlockLayout.Q3_K ? 108 : 0;
            int last = layout == BlockLayout.Q4_1 || layout == BlockLayout.Q4_K ? 2 : first;
            for (int at = first; at <= last; at += 2) { // a scale, and a minimum if there is one
                short value = Float.floatToFloat16((float) random.nextGaussian() * 0.01f);
                data.set(PanelPacker.FLOAT16, block * layout.bytes() + at, value);
            }
        }
        return new StoredBlocks(data, layout, NUM_ROWS, NUM_COLUMNS);
    }

    private PanelMatrix packed(StoredBlocks blocks, PanelType type) {
        PanelMatrix packed = panels(type, blocks.numRows(), blocks.numColumns());
        PanelPacker packer = new PanelPacker();
        for (int panel = 0; panel < packed.numPanels(); panel++) {
            packer.packBlocks(blocks, packed, panel);
        }
        assertEquals(0, ScalarKernels.scale(packed, NUM_ROWS, 0), "a row that fills the panel");
        return packed;
    }

    private PanelMatrix panels(PanelType type, int numRows, int numColumns) {
        MemorySegment data = arena.allocate(PanelMatrix.bytes(type, numRows, numColumns), 64);
        return new PanelMatrix(data.fill((byte) 1), type, numRows, numColumns);
    }
}
