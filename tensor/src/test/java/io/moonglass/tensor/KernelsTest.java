package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelsTest {

    private final Arena arena = Arena.ofConfined();
    private final Random random = new Random(7);
    private final KernelSet scalar = new ScalarKernels();
    private final KernelSet vector = new VectorKernels();

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void the_native_kernels_are_in_use_where_the_build_made_them() {
        assertEquals(KernelChoice.nativeKernels().name(), Kernels.implementation());
    }

    @Test
    void linear_multiplies_rows_by_the_transposed_weight() {
        FloatMatrix x = FloatMatrix.of(arena, 2, 1, 2, 3, 4);
        WeightMatrix weight = weight(ElementType.BF16, 3, 2, 1, 0, 0, 1, 1, -1);
        FloatMatrix out = FloatMatrix.allocate(arena, 2, 3);

        Kernels.linear(x, weight, out);

        assertArrayEquals(new float[] {1, 2, -1, 3, 4, -1}, out.toArray());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 63, 64, 2048})
    void scalar_and_vector_linear_agree_at_any_size(int size) {
        for (ElementType type : ElementType.values()) {
            for (int rows : new int[] {1, 3, 4, 5, 65}) {
                FloatMatrix x = random(rows, size);
                WeightMatrix weight = randomWeight(type, 9, size);
                FloatMatrix expected = FloatMatrix.allocate(arena, rows, 9);
                FloatMatrix actual = FloatMatrix.allocate(arena, rows, 9);

                scalar.linear(x, weight, expected, 0, 9);
                vector.linear(x, weight, actual, 0, 9);

                assertClose(expected, actual);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void a_row_gives_the_same_bits_alone_and_among_others(ElementType type) {
        FloatMatrix x = random(131, 70);
        WeightMatrix weight = randomWeight(type, 11, 70);
        FloatMatrix together = FloatMatrix.allocate(arena, 131, 11);
        vector.linear(x, weight, together, 0, 11);

        for (int row = 0; row < 131; row++) {
            FloatMatrix alone = FloatMatrix.allocate(arena, 1, 11);
            vector.linear(x.rows(row, 1), weight, alone, 0, 5);
            vector.linear(x.rows(row, 1), weight, alone, 5, 11);
            assertArrayEquals(together.rows(row, 1).toArray(), alone.toArray());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 63, 64, 2048})
    void scalar_and_vector_transposed_linear_agree_at_any_size(int size) {
        for (ElementType type : ElementType.values()) {
            FloatMatrix x = random(3, 13);
            WeightMatrix weight = randomWeight(type, 13, size + 2);
            FloatMatrix expected = random(3, size + 5);
            FloatMatrix actual = copy(expected);

            scalar.addTransposedLinear(x, weight, size, expected, 4);
            vector.addTransposedLinear(x, weight, size, actual, 4);

            assertClose(expected, actual);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 63, 64, 2048})
    void scalar_and_vector_norms_agree_at_any_size(int size) {
        FloatMatrix x = random(3, size);
        float[] weight = random(1, size).toArray();
        float[] bias = random(1, size).toArray();
        FloatMatrix expected = FloatMatrix.allocate(arena, 3, size);
        FloatMatrix actual = FloatMatrix.allocate(arena, 3, size);

        scalar.rmsNorm(x, weight, 1e-6f, expected);
        vector.rmsNorm(x, weight, 1e-6f, actual);
        assertClose(expected, actual);

        scalar.layerNorm(x, weight, bias, 1e-5f, expected);
        vector.layerNorm(x, weight, bias, 1e-5f, actual);
        assertClose(expected, actual);
    }

    @Test
    void rms_norm_divides_by_the_root_of_the_mean_square_and_epsilon() {
        FloatMatrix x = FloatMatrix.of(arena, 2, 3, 4);
        Kernels.rmsNorm(x, new float[] {1, 2}, 12.5f, x);
        assertArrayEquals(new float[] {0.6f, 1.6f}, x.toArray(), 1e-6f);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 6, 8, 18, 64})
    void scalar_and_vector_rotary_agree_at_any_size(int dim) {
        RotaryAngles angles =
                new RotaryAngles(
                        FloatMatrix.allocate(arena, 2, dim), FloatMatrix.allocate(arena, 2, dim));
        angles.set(1, 100_003, 800_000);
        FloatMatrix expected = random(1, dim + 3);
        FloatMatrix actual = copy(expected);

        scalar.rotary(expected.data(), 3, angles.cos().data(), angles.sin().data(), dim, dim);
        vector.rotary(actual.data(), 3, angles.cos().data(), angles.sin().data(), dim, dim);

        assertArrayEquals(expected.toArray(), actual.toArray());
    }

    @Test
    void rotary_turns_adjacent_pairs() {
        RotaryAngles angles =
                new RotaryAngles(
                        FloatMatrix.allocate(arena, 1, 4), FloatMatrix.allocate(arena, 1, 4));
        angles.set(0, 3, 100); // angles 3 and 3 / 10
        FloatMatrix x = FloatMatrix.of(arena, 4, 1, 0, 0, 1);

        Kernels.rotary(x, 0, 0, angles, 0);

        float[] expected = {
            (float) Math.cos(3), (float) Math.sin(3), (float) -Math.sin(0.3), (float) Math.cos(0.3)
        };
        assertArrayEquals(expected, x.toArray(), 1e-7f);
    }

    @Test
    void exponentials_are_right_over_the_whole_range_and_of_masked_scores_exactly_nothing() {
        float[] lanes = new float[Lanes.LANES];
        for (int i = 0; i < 3501; i++) {
            float x = -87.25f + i * 0.05f;
            assertEquals(1, Exponential.exp(x) / Math.exp(x), 4e-7, "exp(" + x + ")");
            Lanes.exp(FloatVector.broadcast(Lanes.FLOATS, x)).intoArray(lanes, 0);
            assertEquals(Exponential.exp(x), lanes[Lanes.LANES - 1], "exp(" + x + ")");
        }
        assertEquals(0, Exponential.exp(Float.NEGATIVE_INFINITY));
        Lanes.exp(FloatVector.broadcast(Lanes.FLOATS, Float.NEGATIVE_INFINITY)).intoArray(lanes, 0);
        assertEquals(0, lanes[0]);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 63, 64, 2048})
    void scalar_and_vector_gates_agree_at_any_size(int size) {
        FloatMatrix gate = random(2, size);
        FloatMatrix up = random(2, size);
        FloatMatrix expected = FloatMatrix.allocate(arena, 2, size);
        FloatMatrix actual = FloatMatrix.allocate(arena, 2, size);

        scalar.siluGate(gate.data(), up.data(), expected.data(), 0, 2 * size);
        vector.siluGate(gate.data(), up.data(), actual.data(), 0, 2 * size);

        assertClose(expected, actual);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 63, 64, 2048})
    void row_operations_agree_at_any_size(int size) {
        FloatMatrix x = random(2, size);
        FloatMatrix expected = random(2, size);
        FloatMatrix actual = copy(expected);

        scalar.addScaled(x.data(), size, 0.3f, expected.data(), 0, size);
        vector.addScaled(x.data(), size, 0.3f, actual.data(), 0, size);
        scalar.scale(expected.data(), size, size, 1.7f);
        vector.scale(actual.data(), size, size, 1.7f);

        assertArrayEquals(expected.toArray(), actual.toArray());
        assertEquals(scalar.max(x.data(), size, size), vector.max(x.data(), size, size));
    }

    @Test
    void a_row_of_a_weight_is_read_exactly() {
        for (ElementType type : ElementType.values()) {
            WeightMatrix weight = randomWeight(type, 3, 37);
            FloatMatrix out = FloatMatrix.allocate(arena, 2, 37);
            Kernels.widenRow(weight, 2, out, 1);
            for (int i = 0; i < 37; i++) {
                assertEquals(ScalarKernels.element(weight, 2, i), out.get(1, i));
            }
        }
    }

    @Test
    void shapes_that_do_not_agree_are_refused() {
        FloatMatrix x = random(2, 8);
        WeightMatrix weight = randomWeight(ElementType.F32, 3, 9);
        FloatMatrix out = FloatMatrix.allocate(arena, 2, 3);
        IllegalArgumentException fault =
                assertThrows(IllegalArgumentException.class, () -> Kernels.linear(x, weight, out));
        assertTrue(fault.getMessage().contains("x [2, 8], weight [3, 9]"), fault.getMessage());
    }

    private FloatMatrix random(int rows, int columns) {
        FloatMatrix matrix = FloatMatrix.allocate(arena, rows, columns);
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < columns; i++) {
                matrix.set(row, i, (float) random.nextGaussian());
            }
        }
        return matrix;
    }

    private FloatMatrix copy(FloatMatrix source) {
        FloatMatrix copy = FloatMatrix.allocate(arena, source.numRows(), source.numColumns());
        copy.copyFrom(source);
        return copy;
    }

    private WeightMatrix randomWeight(ElementType type, int rows, int columns) {
        return weight(type, rows, columns, random(rows, columns).toArray());
    }

    private WeightMatrix weight(ElementType type, int rows, int columns, float... values) {
        return TestWeights.of(arena, type, rows, columns, values);
    }

    private static void assertClose(FloatMatrix expected, FloatMatrix actual) {
        float largest = 0;
        for (float value : expected.toArray()) {
            largest = Math.max(largest, Math.abs(value));
        }
        assertArrayEquals(expected.toArray(), actual.toArray(), largest * 2e-6f);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 16, 17, 1000})
    void exponentials_are_those_of_what_is_left_to_the_largest(int size) {
        float[] x = new float[size];
        for (int i = 0; i < size; i++) {
            x[i] = 3 - 0.37f * i;
        }
        x[size / 2] = Float.NaN;
        for (KernelSet kernels : List.of(new ScalarKernels(), new VectorKernels())) {
            float[] actual = x.clone();
            kernels.exponentials(actual, 3, 2);
            for (int i = 0; i < size; i++) {
                double expected = i == size / 2 ? 0 : Math.exp((x[i] - 3.0) * 2);
                assertEquals(expected, actual[i], 1e-6 * expected + 1e-37);
            }
        }
    }
}
