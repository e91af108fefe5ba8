package io.moonglass.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/// Weights and numbers for tests.
final class TestWeights {

    private TestWeights() {}

    /// At an odd address, as tensors in a file may lie.
    static WeightMatrix of(
            Arena arena, ElementType type, int numRows, int numColumns, float... values) {
        MemorySegment data = arena.allocate((long) values.length * type.bytes() + 2, 64).asSlice(2);
        for (int i = 0; i < values.length; i++) {
            switch (type) {
                case F32 -> data.set(ScalarKernels.F32, 4L * i, values[i]);
                case BF16 ->
                        data.set(
                                ScalarKernels.BF16,
                                2L * i,
                                (short) (Float.floatToRawIntBits(values[i]) >>> 16));
            }
        }
        return new WeightMatrix(data, type, numRows, numColumns);
    }

    /// Normally distributed.
    static float[] random(Random random, int count, float deviation) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian() * deviation;
        }
        return values;
    }
}
