package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EpilogueTest {

    private final Arena arena = Arena.ofConfined();
    private final Random random = new Random(3);

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void a_bias_is_added_to_some_columns_only() {
        FloatMatrix x = FloatMatrix.of(arena, 3, 1, 2, 3, 4, 5, 6);
        Epilogue.addBias(x, new float[] {10, 20, 30}, 1, 3);
        assertArrayEquals(new float[] {1, 22, 33, 4, 25, 36}, x.toArray());
    }

    @Test
    void a_product_and_its_bias_are_added_to_what_is_there() {
        FloatMatrix x = FloatMatrix.of(arena, 3, 1, 2, 3);
        FloatMatrix out = FloatMatrix.of(arena, 3, 100, 200, 300);
        Epilogue.addBiased(x, new float[] {10, 20, 30}, out, 0, 2);
        assertArrayEquals(new float[] {111, 222, 300}, out.toArray());
    }

    @ParameterizedTest
    @ValueSource(floats = {-30, -5, -3.9f, -1, -1e-3f, 0, 0.5f, 2, 4.1f, 30})
    void gelu_follows_its_definitions(float z) {
        double tanh = Math.tanh(Math.sqrt(2 / Math.PI) * (z + 0.044715 * z * z * z));
        assertEquals(0.5 * z * (1 + tanh), Gelu.TANH.of(z), 1e-6);
        // The error function as an integral, by Simpson's rule.
        int numSteps = 20_000;
        double end = z / Math.sqrt(2);
        double sum = 1 + Math.exp(-end * end);
        for (int i = 1; i < numSteps; i++) {
            double t = end * i / numSteps;
            sum += (i % 2 == 0 ? 2 : 4) * Math.exp(-t * t);
        }
        double erf = 2 / Math.sqrt(Math.PI) * sum * end / numSteps / 3;
        assertEquals(0.5 * z * (1 + erf), Gelu.EXACT.of(z), 1e-6);
    }

    @ParameterizedTest
    @EnumSource(Gelu.class)
    void scalar_and_vector_gelu_agree_at_any_size(Gelu form) {
        for (int size : new int[] {1, 7, 16, 31, 32, 257}) {
            float[] values = TestWeights.random(random, size, 3);
            float[] bias = TestWeights.random(random, size, 1);
            FloatMatrix expected = FloatMatrix.of(arena, size, values);
            FloatMatrix actual = FloatMatrix.of(arena, size, values);

            new ScalarKernels().gelu(form, expected.data(), 0, bias, 0, size);
            new VectorKernels().gelu(form, actual.data(), 0, bias, 0, size);

            assertArrayEquals(expected.toArray(), actual.toArray(), 2e-6f);
        }
    }

    @Test
    void columns_give_the_same_bits_however_they_are_cut() {
        float[] values = TestWeights.random(random, 75, 2);
        float[] bias = TestWeights.random(random, 75, 1);
        FloatMatrix together = FloatMatrix.of(arena, 75, values);
        FloatMatrix apart = FloatMatrix.of(arena, 75, values);

        Epilogue.gelu(Gelu.TANH, together, bias, 0, 75);
        Epilogue.gelu(Gelu.TANH, apart, bias, 0, 13);
        Epilogue.gelu(Gelu.TANH, apart, bias, 13, 75);

        assertArrayEquals(together.toArray(), apart.toArray());
    }

    @Test
    void columns_that_are_not_there_are_refused() {
        FloatMatrix x = FloatMatrix.allocate(arena, 2, 3);
        assertThrows(IllegalArgumentException.class, () -> Epilogue.addBias(x, new float[3], 0, 4));
        assertThrows(IllegalArgumentException.class, () -> Epilogue.addBias(x, new float[2], 0, 2));
    }
}
