package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HeadAttentionTest {

    private static final int BLOCK = 32;

    private final Arena arena = Arena.ofConfined();
    private final Random random = new Random(5);

    @AfterEach
    void close() {
        arena.close();
    }

    @ParameterizedTest
    @CsvSource({"F32, 576, 512", "BF16, 576, 512", "BF16, 45, 37", "F32, 45, 37", "BF16, 24, 16"})
    void all_kernels_attend_alike_to_the_bit(ElementType type, int rowSize, int latentSize) {
        for (int numRows : new int[] {1, 3, 4, 5, 8, 31, 32, 33, 100}) {
            List<WeightMatrix> blocks = blocks(type, numRows, rowSize);
            HeadQueries queries = queries(type, rowSize);
            HeadAttention expected = attention(queries, latentSize);
            KernelSet scalar = new ScalarKernels();
            blocks.forEach(block -> scalar.attend(expected, block, block.data()));
            for (KernelSet kernels : TestKernels.others()) {
                HeadAttention actual = attention(queries, latentSize);
                blocks.forEach(block -> kernels.attend(actual, block, block.data()));
                String where = kernels.name() + " with " + numRows + " rows";
                assertArrayEquals(expected.maxima().toArray(), actual.maxima().toArray(), where);
                assertArrayEquals(expected.totals().toArray(), actual.totals().toArray(), where);
                assertArrayEquals(expected.sums().toArray(), actual.sums().toArray(), where);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "F32, 1",
        "F32, 31",
        "F32, 32",
        "F32, 33",
        "F32, 4097",
        "BF16, 1",
        "BF16, 33",
        "BF16, 4097"
    })
    void what_comes_out_is_a_softmax_in_double_precision(ElementType type, int numRows) {
        int rowSize = 72;
        int latentSize = 64;
        double tolerance =
                type == ElementType.F32 ? 1e-5 : 4e-3; // a rounded weight is off by 1/512
        List<WeightMatrix> blocks = blocks(type, numRows, rowSize);
        HeadQueries queries = queries(type, rowSize);
        HeadAttention attention = attention(queries, latentSize);
        blocks.forEach(block -> attention.attend(block, block.data()));

        for (int head = 0; head < 16; head++) {
            double[] sums = new double[latentSize];
            double total = 0;
            for (WeightMatrix block : blocks) {
                for (int row = 0; row < block.numRows(); row++) {
                    double score = 0;
                    for (int i = 0; i < rowSize; i++) {
                        score +=
                                (double) queries.get(i, head)
                                        * ScalarKernels.element(block, row, i);
                    }
                    double weight = Math.exp(score);
                    total += weight;
                    for (int i = 0; i < latentSize; i++) {
                        sums[i] += weight * ScalarKernels.element(block, row, i);
                    }
                }
            }
            for (int i = 0; i < latentSize; i++) {
                float actual = attention.sums().get(head, i) / attention.totals().get(0, head);
                assertEquals(sums[i] / total, actual, tolerance, "head " + head + ", element " + i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void queries_may_change_before_a_reset(ElementType type) {
        List<WeightMatrix> blocks = blocks(type, 2 * BLOCK, 40);
        for (KernelSet kernels : TestKernels.others()) {
            HeadQueries queries = queries(type, 40);
            HeadAttention actual = attention(queries, 32);
            blocks.forEach(block -> kernels.attend(actual, block, block.data()));
            queries.clear(3);
            actual.reset();
            blocks.forEach(block -> kernels.attend(actual, block, block.data()));
            HeadAttention expected = attention(queries, 32);
            blocks.forEach(block -> new ScalarKernels().attend(expected, block, block.data()));

            assertArrayEquals(expected.sums().toArray(), actual.sums().toArray(), kernels.name());
        }
    }

    private HeadQueries queries(ElementType type, int rowSize) {
        HeadQueries queries = HeadQueries.allocate(arena, type, rowSize);
        for (int head = 0; head < 16; head++) {
            FloatMatrix row =
                    FloatMatrix.of(arena, rowSize, TestWeights.random(random, rowSize, 0.2f));
            WeightMatrix stored =
                    new WeightMatrix(
                            arena.allocate((long) rowSize * type.bytes(), 64), type, 1, rowSize);
            Kernels.narrowRow(row, 0, stored, 0);
            queries.set(head, stored);
        }
        return queries;
    }

    private HeadAttention attention(HeadQueries queries, int latentSize) {
        HeadAttention attention =
                new HeadAttention(
                        queries,
                        FloatMatrix.allocate(arena, BLOCK, 16),
                        FloatMatrix.allocate(arena, 1, 16),
                        FloatMatrix.allocate(arena, 1, 16),
                        FloatMatrix.allocate(arena, 16, latentSize));
        attention.reset();
        return attention;
    }

    private List<WeightMatrix> blocks(ElementType type, int numRows, int rowSize) {
        List<WeightMatrix> blocks = new ArrayList<>();
        for (int from = 0; from < numRows; from += BLOCK) {
            int count = Math.min(BLOCK, numRows - from);
            blocks.add(
                    TestWeights.of(
                            arena,
                            type,
                            count,
                            rowSize,
                            TestWeights.random(random, count * rowSize, 1)));
        }
        return blocks;
    }
}
