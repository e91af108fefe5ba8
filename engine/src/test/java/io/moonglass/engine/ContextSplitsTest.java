package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.HeadQueries;
import io.moonglass.tensor.WeightMatrix;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContextSplitsTest {

    private static final int ROW = 24;
    private static final int LATENT = 16;
    private static final int HEADS = 3;

    private final Random random = new Random(3);

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 32, 33, 255, 256, 257, 4_097, 5_000})
    void stretches_joined_are_one_softmax_over_the_whole_context(int numKeys) {
        try (Arena arena = Arena.ofConfined();
                Workspace workspace = new Workspace();
                Workspace.Frame frame = workspace.frame()) {
            FloatMatrix rows = random(arena, numKeys);
            FloatMatrix query = random(arena, HEADS);
            HeadQueries heads = HeadQueries.allocate(arena, ElementType.F32, ROW);
            for (int head = 0; head < HEADS; head++) {
                heads.set(
                        head,
                        new WeightMatrix(query.rows(head, 1).data(), ElementType.F32, 1, ROW));
            }
            ContextSplits splits = new ContextSplits(new int[] {7, numKeys}, HEADS, LATENT, frame);
            FloatMatrix scores = frame.matrix(KvCache.BLOCK_SIZE, 16);
            int covered = 0;
            for (int i = 0; i < splits.size(); i++) {
                ContextSplits.Split split = splits.get(i);
                assertEquals(0, split.from() % KvCache.BLOCK_SIZE);
                var attention = splits.attention(i, heads, scores);
                if (split.token() == 1) {
                    assertEquals(covered, split.from());
                    covered = split.to();
                    for (int from = split.from(); from < split.to(); from += 32) {
                        int count = Math.min(32, split.to() - from);
                        WeightMatrix block = weights(rows.rows(from, count));
                        attention.attend(block, block.data());
                    }
                }
            }
            assertEquals(numKeys, covered);
            assertTrue(ContextSplits.count(numKeys, HEADS) <= 17, "stretches");

            FloatMatrix out = FloatMatrix.allocate(arena, 2, LATENT);
            for (int head = 0; head < HEADS; head++) {
                splits.join(1, head, out);
                double[] expected = softmax(rows, query, head);
                for (int i = 0; i < LATENT; i++) {
                    assertEquals(expected[i], out.get(1, i), 1e-5, "head " + head);
                }
            }
        }
    }

    private static double[] softmax(FloatMatrix rows, FloatMatrix query, int head) {
        double[] sums = new double[LATENT];
        double total = 0;
        for (int key = 0; key < rows.numRows(); key++) {
            double score = 0;
            for (int i = 0; i < ROW; i++) {
                score += (double) rows.get(key, i) * query.get(head, i);
            }
            total += Math.exp(score);
            for (int i = 0; i < LATENT; i++) {
                sums[i] += Math.exp(score) * rows.get(key, i);
            }
        }
        for (int i = 0; i < LATENT; i++) {
            sums[i] /= total;
        }
        return sums;
    }

    private static WeightMatrix weights(FloatMatrix rows) {
        return new WeightMatrix(rows.data(), ElementType.F32, rows.numRows(), ROW);
    }

    private FloatMatrix random(Arena arena, int numRows) {
        FloatMatrix matrix = FloatMatrix.allocate(arena, numRows, ROW);
        for (long i = 0; i < (long) numRows * ROW; i++) {
            matrix.data()
                    .setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian() * 0.7f);
        }
        return matrix;
    }
}
