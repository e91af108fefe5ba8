package io.moonglass.tensor;

import java.lang.foreign.Arena;
import java.util.Random;

/// What the benchmarks compute with: the same numbers in every run.
final class BenchmarkData {

    /// The option of JMH that names the kernels, where it names none of them.
    static final String FASTEST = "fastest";

    private final Arena arena = Arena.ofShared();
    private final Random random = new Random(3);

    /// @param name `scalar`, `vector`, `native` or [#FASTEST]
    static KernelSet kernels(String name) {
        return KernelChoice.of(name.equals(FASTEST) ? "" : name).kernels();
    }

    FloatMatrix zeros(int numRows, int numColumns) {
        return FloatMatrix.allocate(arena, numRows, numColumns);
    }

    FloatMatrix rows(int numRows, int numColumns) {
        return FloatMatrix.of(
                arena, numColumns, TestWeights.random(random, numRows * numColumns, 1));
    }

    WeightMatrix weight(ElementType type, int numRows, int numColumns) {
        return TestWeights.of(
                arena,
                type,
                numRows,
                numColumns,
                TestWeights.random(random, numRows * numColumns, 0.02f));
    }

    PanelMatrix panels(PanelType type, int numRows, int numColumns) {
        return PanelPacker.pack(arena, weight(ElementType.F32, numRows, numColumns), type);
    }

    QuantizedRows quantized(FloatMatrix rows) {
        QuantizedRows quantized = QuantizedRows.allocate(arena, rows.numRows(), rows.numColumns());
        new ScalarKernels().quantize(rows, quantized);
        return quantized;
    }

    HeadQueries queries(ElementType type, int rowSize) {
        HeadQueries queries = HeadQueries.allocate(arena, type, rowSize);
        FloatMatrix rows = rows(HeadAttention.HEADS, rowSize);
        for (int head = 0; head < HeadAttention.HEADS; head++) {
            WeightMatrix stored =
                    new WeightMatrix(
                            arena.allocate((long) rowSize * type.bytes(), 64), type, 1, rowSize);
            Kernels.narrowRow(rows, head, stored, 0);
            queries.set(head, stored);
        }
        return queries;
    }

    /// A benchmark of wrong results would measure nothing.
    ///
    /// @param tolerance relative to the largest expected value
    static void check(FloatMatrix expected, FloatMatrix actual, float tolerance) {
        float[] wanted = expected.toArray();
        float[] found = actual.toArray();
        float largest = 0;
        for (float value : wanted) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < wanted.length; i++) {
            if (!(Math.abs(found[i] - wanted[i]) <= tolerance * largest)) {
                throw new IllegalStateException(
                        "value %d is %s; want %s".formatted(i, found[i], wanted[i]));
            }
        }
    }

    void close() {
        arena.close();
    }
}
