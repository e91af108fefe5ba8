package io.moonglass.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/// Attention of many queries, of [ScalarKernels].
final class ScalarTiles {

    private ScalarTiles() {}

    static void attend(
            WeightMatrix queries,
            KeyValueTiles tiles,
            int firstVisible,
            int visibleStep,
            boolean begins,
            boolean ends,
            MemorySegment scratch,
            MemorySegment out,
            long outOffset,
            long outStride) {
        int valueDim = tiles.valueDim();
        int numQueries = queries.numRows();
        long totalsFrom = (long) numQueries * valueDim;
        long maximaFrom = totalsFrom + (long) numQueries * KeyValueTiles.TOTALS;
        FloatMatrix allSums = matrix(scratch, 0, numQueries, valueDim);
        FloatMatrix allTotals = matrix(scratch, totalsFrom, numQueries, KeyValueTiles.TOTALS);
        FloatMatrix maxima = matrix(scratch, maximaFrom, numQueries, 1);
        float[] weights = new float[KeyValueTiles.STEP_KEYS];
        for (int query = 0; query < numQueries; query++) {
            FloatMatrix sums = allSums.rows(query, 1);
            FloatMatrix totals = allTotals.rows(query, 1);
            if (begins) {
                sums.data().fill((byte) 0);
                totals.data().fill((byte) 0);
                maxima.set(query, 0, Float.NEGATIVE_INFINITY);
            }
            float largest = maxima.get(query, 0);
            int visible = tiles.visible(query, firstVisible, visibleStep);
            for (int key = 0; key < visible; key += KeyValueTiles.STEP_KEYS) {
                int count = Math.min(KeyValueTiles.STEP_KEYS, visible - key);
                float before = largest;
                for (int i = 0; i < count; i++) {
                    weights[i] = score(queries, query, tiles, key + i);
                    largest = Math.max(largest, weights[i]);
                }
                if (largest != before) {
                    float shrink = Exponential.exp(before - largest);
                    scale(totals, shrink);
                    scale(sums, shrink);
                }
                for (int i = 0; i < count; i++) {
                    float weight = Exponential.exp(weights[i] - largest);
                    int lane = i % KeyValueTiles.TOTALS;
                    totals.set(0, lane, totals.get(0, lane) + weight);
                    weights[i] =
                            tiles.type() == ElementType.BF16 ? Bfloat16.rounded(weight) : weight;
                }
                addValues(tiles, key, count, weights, sums);
            }
            maxima.set(query, 0, largest);
            if (ends) {
                float inverse = 1 / sum(totals.toArray());
                for (int i = 0; i < valueDim; i++) {
                    long to = outOffset + query * outStride + i;
                    out.setAtIndex(JAVA_FLOAT, to, sums.get(0, i) * inverse);
                }
            }
        }
    }

    private static FloatMatrix matrix(
            MemorySegment scratch, long from, int numRows, int numColumns) {
        long bytes = (long) numRows * numColumns * Float.BYTES;
        return new FloatMatrix(scratch.asSlice(from * Float.BYTES, bytes), numRows, numColumns);
    }

    private static float score(WeightMatrix queries, int query, KeyValueTiles tiles, int key) {
        float sum = 0;
        for (int j = 0; j < tiles.keyDim(); j++) {
            int i = HeadAttention.order(tiles.type(), j, tiles.keyDim());
            sum = Math.fma(ScalarKernels.element(queries, query, i), tiles.key(key, i), sum);
        }
        return sum;
    }

    private static void scale(FloatMatrix row, float factor) {
        for (int i = 0; i < row.numColumns(); i++) {
            row.set(0, i, row.get(0, i) * factor);
        }
    }

    private static void addValues(
            KeyValueTiles tiles, int firstKey, int count, float[] weights, FloatMatrix sums) {
        for (int i = 0; i < sums.numColumns(); i++) {
            float sum = sums.get(0, i);
            for (int j = 0; j < count; j++) {
                int k = HeadAttention.order(tiles.type(), j, count);
                sum = Math.fma(weights[k], tiles.value(firstKey + k, i), sum);
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
