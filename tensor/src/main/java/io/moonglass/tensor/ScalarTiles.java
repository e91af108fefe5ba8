package io.moonglass.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Attention of many queries, of [ScalarKernels].
final class ScalarTiles {

    private ScalarTiles() {}

    static void attend(
            WeightMatrix queries,
            KeyValueTiles tiles,
            int firstVisible,
            int visibleStep,
            MemorySegment scratch,
            MemorySegment out,
            long outOffset,
            long outStride) {
        long valueDim = tiles.valueDim();
        FloatMatrix sums = new FloatMatrix(scratch.asSlice(0, 4 * valueDim), 1, (int) valueDim);
        float[] totals = new float[KeyValueTiles.TOTALS];
        float[] weights = new float[KeyValueTiles.STEP_KEYS];
        for (int query = 0; query < queries.numRows(); query++) {
            sums.data().fill((byte) 0);
            Arrays.fill(totals, 0);
            float largest = Float.NEGATIVE_INFINITY;
            int visible = tiles.visible(query, firstVisible, visibleStep);
            for (int key = 0; key < visible; key += KeyValueTiles.STEP_KEYS) {
                int count = Math.min(KeyValueTiles.STEP_KEYS, visible - key);
                float before = largest;
                for (int i = 0; i < count; i++) {
                    weights[i] = score(queries, query, tiles, key + i);
                    largest = Math.max(largest, weights[i]);
                }
                if (largest != before) {
                    shrink(sums, totals, Exponential.exp(before - largest));
                }
                for (int i = 0; i < count; i++) {
                    float weight = Exponential.exp(weights[i] - largest);
                    totals[i % totals.length] += weight;
                    weights[i] =
                            tiles.type() == ElementType.BF16 ? Bfloat16.rounded(weight) : weight;
                }
                addValues(tiles, key, count, weights, sums);
            }
            float inverse = 1 / sum(totals);
            for (int i = 0; i < valueDim; i++) {
                out.setAtIndex(
                        JAVA_FLOAT, outOffset + query * outStride + i, sums.get(0, i) * inverse);
            }
        }
    }

    /// In bfloat16, the second of a pair is added first, as the processors' dot products do.
    private static int inOrder(ElementType type, int i) {
        return type == ElementType.BF16 ? i ^ 1 : i;
    }

    private static float score(WeightMatrix queries, int query, KeyValueTiles tiles, int key) {
        float sum = 0;
        for (int j = 0; j < tiles.keyDim(); j++) {
            int i = inOrder(tiles.type(), j);
            sum = Math.fma(ScalarKernels.element(queries, query, i), tiles.key(key, i), sum);
        }
        return sum;
    }

    private static void shrink(FloatMatrix sums, float[] totals, float factor) {
        for (int i = 0; i < totals.length; i++) {
            totals[i] *= factor;
        }
        for (int i = 0; i < sums.numColumns(); i++) {
            sums.set(0, i, sums.get(0, i) * factor);
        }
    }

    private static void addValues(
            KeyValueTiles tiles, int firstKey, int count, float[] weights, FloatMatrix sums) {
        for (int i = 0; i < sums.numColumns(); i++) {
            float sum = sums.get(0, i);
            for (int j = 0; j < count + count % 2; j++) {
                int k = inOrder(tiles.type(), j);
                if (k < count) {
                    sum = Math.fma(weights[k], tiles.value(firstKey + k, i), sum);
                }
            }
            sums.set(0, i, sum);
        }
    }

    /// Upper half onto lower half, as vectors add up their lanes.
    static float sum(float[] totals) {
        for (int width = totals.length / 2; width > 0; width /= 2) {
            for (int i = 0; i < width; i++) {
                totals[i] += totals[i + width];
            }
        }
        return totals[0];
    }
}
