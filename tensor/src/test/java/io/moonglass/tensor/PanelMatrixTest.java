package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PanelMatrixTest {

    private final Arena arena = Arena.ofConfined();
    private final Random random = new Random(11);
    private final KernelSet scalar = new ScalarKernels();
    private final KernelSet vector = new VectorKernels();

    @AfterEach
    void close() {
        arena.close();
    }

    @ParameterizedTest
    @EnumSource(PanelType.class)
    void whole_numbers_are_kept_exactly(PanelType type) {
        int most = type.most();
        int least = type.least();
        float[] values = new float[19 * 70];
        for (int i = 0; i < values.length; i++) {
            int column = i % 70 % 32;
            int code = column == 0 ? least : column == 1 ? most : random.nextInt(least, most + 1);
            values[i] = code * 0.5f + (type.hasMinima() ? -3.25f : 0);
        }
        PanelMatrix packed = PanelPacker.pack(arena, weight(70, values), type);

        for (int i = 0; i < values.length; i++) {
            assertEquals(values[i], value(packed, i / 70, i % 70) + 0f, "weight " + i);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 32, 33, 100})
    void scalar_and_vector_kernels_pack_alike_to_the_bit(int size) {
        for (PanelType type : PanelType.values()) {
            float large = type.hasMinima() ? 1e4f : 1e5f;
            for (float deviation : new float[] {1e-44f, 1e-7f, 0.02f, large}) {
                float[] values = TestWeights.random(random, 83 * size, deviation);
                Arrays.fill(values, 0, size, 0f); // a row of nothing
                for (ElementType stored : ElementType.values()) {
                    WeightMatrix weight = TestWeights.of(arena, stored, 83, size, values);
                    assertArrayEquals(
                            PanelPacker.pack(arena, weight, type, scalar)
                                    .data()
                                    .toArray(ValueLayout.JAVA_BYTE),
                            PanelPacker.pack(arena, weight, type, vector)
                                    .data()
                                    .toArray(ValueLayout.JAVA_BYTE),
                            "%s of %s, deviation %s".formatted(type, stored, deviation));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(PanelType.class)
    void a_widened_row_holds_the_values_that_are_multiplied_with(PanelType type) {
        PanelMatrix packed = PanelPacker.pack(arena, weight(70, randomValues(19 * 70)), type);
        float[] row = new float[72];
        for (int i = 0; i < 19; i++) {
            packed.widenRow(i, row, 2);
            for (int k = 0; k < 70; k++) {
                assertEquals(value(packed, i, k), row[2 + k], "row %d, %d".formatted(i, k));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(PanelType.class)
    void packing_leaves_a_smaller_error_than_the_largest_weights_scale(PanelType type) {
        float[] values = randomValues(64 * 256);
        PanelMatrix packed = PanelPacker.pack(arena, weight(256, values), type);

        double error = 0;
        double plain = 0;
        for (int at = 0; at < values.length; at += 32) {
            float extreme = 0;
            for (int i = at; i < at + 32; i++) {
                extreme = Math.abs(values[i]) > Math.abs(extreme) ? values[i] : extreme;
            }
            float[] block = Arrays.copyOfRange(values, at, at + 32);
            Arrays.sort(block);
            float minimum = type.hasMinima() ? block[0] : 0;
            float scale =
                    switch (type) {
                        case Q4 -> extreme / -8;
                        case Q8 -> extreme / 127;
                        case Q4A -> (block[31] - block[0]) / 15;
                    };
            for (int i = at; i < at + 32; i++) {
                double rounded = Math.min(Math.rint((values[i] - minimum) / scale), type.most());
                plain += Math.pow(values[i] - rounded * scale - minimum, 2);
                error += Math.pow(values[i] - value(packed, i / 256, i % 256), 2);
            }
        }
        assertTrue(error < 0.95 * plain, error + " against " + plain);
    }

    @ParameterizedTest
    @EnumSource(PanelType.class)
    void a_weight_that_is_no_number_or_too_large_is_refused(PanelType type) {
        float[] values = new float[32];
        for (float odd : new float[] {Float.NaN, Float.NEGATIVE_INFINITY, Float.MAX_VALUE, 1e9f}) {
            values[2] = Float.isFinite(odd) ? -odd : 0; // the largest float's range is no number
            values[3] = odd;
            for (KernelSet kernels : new KernelSet[] {scalar, vector}) {
                WeightMatrix weight = weight(32, values);
                assertThrows(
                        IllegalArgumentException.class,
                        () -> PanelPacker.pack(arena, weight, type, kernels),
                        kernels.name() + " kernels, " + odd);
            }
        }
    }

    @Test
    void rows_are_rounded_to_the_scale_of_their_block() {
        float[] values = new float[33];
        values[0] = 127;
        values[1] = -63.5f;
        values[2] = 62.4f;
        values[32] = 2;
        QuantizedRows rows = quantized(scalar, FloatMatrix.of(arena, 33, values));

        assertEquals(127, rows.data().get(ValueLayout.JAVA_BYTE, 0));
        assertEquals(-64, rows.data().get(ValueLayout.JAVA_BYTE, 1));
        assertEquals(62, rows.data().get(ValueLayout.JAVA_BYTE, 2));
        assertEquals(125, rows.sum(0));
        assertEquals(
                2 / 127f,
                rows.data()
                        .get(ValueLayout.JAVA_FLOAT, rows.blockOffset(0, 1) + QuantizedRows.SCALE));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 31, 32, 33, 64, 1408, 4304})
    void all_kernels_round_rows_alike(int size) {
        FloatMatrix x = FloatMatrix.of(arena, size, randomValues(3 * size));
        assertRoundedAlike(x);
        x.rows(1, 2).data().fill((byte) 0);
        x.set(1, size / 2, 1e-44f);
        assertRoundedAlike(x);
        x.set(1, size / 2, Float.NaN);
        x.set(2, size - 1, Float.POSITIVE_INFINITY);
        assertRoundedAlike(x);
    }

    private void assertRoundedAlike(FloatMatrix x) {
        byte[] expected = quantized(scalar, x).data().toArray(ValueLayout.JAVA_BYTE);
        for (KernelSet kernels : TestKernels.others()) {
            QuantizedRows actual = quantized(kernels, x);
            assertArrayEquals(
                    expected, actual.data().toArray(ValueLayout.JAVA_BYTE), kernels.name());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 32, 33, 100, 1408})
    void all_kernels_multiply_alike_to_the_bit(int size) {
        for (PanelType type : PanelType.values()) {
            for (int numRows : new int[] {1, 2, 3, 4, 5, 11, 12, 13, 65}) {
                for (int numOut : new int[] {1, 15, 16, 17, 48, 83}) {
                    assertAgreement(type, numRows, size, numOut);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(PanelType.class)
    void kernels_agree_beyond_what_shares_one_unpacking(PanelType type) {
        assertAgreement(type, 401, 65, 311);
    }

    @ParameterizedTest
    @EnumSource(PanelType.class)
    void a_row_may_change_between_products(PanelType type) {
        PanelMatrix weight = PanelPacker.pack(arena, weight(70, randomValues(40 * 70)), type);
        QuantizedRows x = QuantizedRows.allocate(arena, 1, 70);
        FloatMatrix expected = FloatMatrix.allocate(arena, 1, 40);
        FloatMatrix actual = FloatMatrix.allocate(arena, 1, 40);
        for (int i = 0; i < 3; i++) {
            scalar.quantize(FloatMatrix.of(arena, 70, randomValues(70)), x);
            scalar.linear(x, weight, expected, 0, weight.numPanels());
            vector.linear(x, weight, actual, 0, weight.numPanels());
            assertArrayEquals(expected.toArray(), actual.toArray());
        }
    }

    private void assertAgreement(PanelType type, int numRows, int size, int numOut) {
        QuantizedRows x =
                quantized(scalar, FloatMatrix.of(arena, size, randomValues(numRows * size)));
        PanelMatrix weight =
                PanelPacker.pack(arena, weight(size, randomValues(numOut * size)), type);
        FloatMatrix expected = FloatMatrix.allocate(arena, numRows, numOut);
        scalar.linear(x, weight, expected, 0, weight.numPanels());
        for (KernelSet kernels : new KernelSet[] {vector, KernelChoice.nativeKernels()}) {
            FloatMatrix actual = FloatMatrix.allocate(arena, numRows, numOut);
            int middle = weight.numPanels() / 2;
            kernels.linear(x, weight, actual, 0, middle);
            kernels.linear(x, weight, actual, middle, weight.numPanels());
            assertArrayEquals(
                    expected.toArray(),
                    actual.toArray(),
                    "%s %s [%d, %d] x [%d]".formatted(kernels.name(), type, numRows, size, numOut));
        }
    }

    @Test
    void every_instruction_set_of_the_library_gives_the_same_bits() {
        for (PanelType type : PanelType.values()) {
            QuantizedRows x = quantized(scalar, FloatMatrix.of(arena, 333, randomValues(7 * 333)));
            PanelMatrix weight = PanelPacker.pack(arena, weight(333, randomValues(50 * 333)), type);
            FloatMatrix expected = FloatMatrix.allocate(arena, 7, 50);
            FloatMatrix actual = FloatMatrix.allocate(arena, 7, 50);
            scalar.linear(x, weight, expected, 0, weight.numPanels());
            for (KernelSet kernels : TestKernels.natives()) {
                kernels.linear(x, weight, actual, 0, weight.numPanels());
                assertArrayEquals(expected.toArray(), actual.toArray(), kernels.name());
            }
        }
    }

    @ParameterizedTest
    @EnumSource(PanelType.class)
    void a_product_is_near_that_of_the_weights_before_packing(PanelType type) {
        FloatMatrix x = FloatMatrix.of(arena, 512, randomValues(512));
        WeightMatrix exact = weight(512, randomValues(64 * 512));
        FloatMatrix wanted = FloatMatrix.allocate(arena, 1, 64);
        FloatMatrix actual = FloatMatrix.allocate(arena, 1, 64);
        scalar.linear(x, exact, wanted, 0, 64);
        PanelMatrix packed = PanelPacker.pack(arena, exact, type);
        scalar.linear(quantized(scalar, x), packed, actual, 0, packed.numPanels());

        double error = 0;
        double size = 0;
        for (int i = 0; i < 64; i++) {
            error += Math.pow(actual.get(0, i) - wanted.get(0, i), 2);
            size += Math.pow(wanted.get(0, i), 2);
        }
        assertTrue(Math.sqrt(error / size) < (type == PanelType.Q8 ? 0.01 : 0.1));
    }

    private QuantizedRows quantized(KernelSet kernels, FloatMatrix x) {
        QuantizedRows rows = QuantizedRows.allocate(arena, x.numRows(), x.numColumns());
        kernels.quantize(x, rows);
        return rows;
    }

    private static float value(PanelMatrix weight, int row, int column) {
        return ScalarKernels.code(weight, row, column)
                        * ScalarKernels.scale(weight, row, column / QuantizedRows.BLOCK_COLUMNS)
                + ScalarKernels.minimum(weight, row, column / QuantizedRows.BLOCK_COLUMNS);
    }

    private WeightMatrix weight(int numColumns, float... values) {
        return TestWeights.of(
                arena, ElementType.F32, values.length / numColumns, numColumns, values);
    }

    private float[] randomValues(int count) {
        return TestWeights.random(random, count, 1);
    }
}
