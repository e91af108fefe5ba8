package io.moonglass.tensor;

import static io.moonglass.tensor.KeyValueTiles.STEP_KEYS;
import static io.moonglass.tensor.KeyValueTiles.TILE_KEYS;
import static io.moonglass.tensor.KeyValueTiles.TOTALS;
import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.Lanes.MACHINE;
import static io.moonglass.tensor.Lanes.SWAP_PAIRS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// Attention of many queries, of [VectorKernels]. Tiles of bfloat16 numbers are widened once for all
/// queries, the second of a pair before the first, which is the order of their sums.
///
/// What is computed with lies in arrays: loops over memory segments check more and are a fifth slower.
final class VectorTileAttention {

    /// Queries that meet a tile of keys or values while it is in the first-level cache.
    private static final int QUERIES = 12;

    private final KeyValueTiles tiles;
    private final int numQueries;
    private final int keyDim;
    private final int valueSize;

    /// `[numQueries, keyDim]`, and rows that fill the last register tile.
    private final float[] queries;

    /// A step's keys, `[2, keyDim, TILE_KEYS]`.
    private final float[] keys;

    /// A step's values, `[STEP_KEYS, valueSize]`.
    private final float[] values;

    /// `[2, QUERIES, TILE_KEYS]`.
    private final float[] scores = new float[2 * QUERIES * TILE_KEYS];

    private final float[] sums;
    private final float[] totals;
    private final float[] maxima;

    private VectorTileAttention(WeightMatrix queries, KeyValueTiles tiles) {
        this.tiles = tiles;
        this.numQueries = queries.numRows();
        this.keyDim = tiles.keyDim();
        this.valueSize = tiles.valueSize();
        int numRows = VectorTiles.padded(numQueries);
        int numKeys = Math.min(STEP_KEYS, KeyValueTiles.numTiles(tiles.numKeys()) * TILE_KEYS);
        this.queries = new float[numRows * keyDim];
        this.keys = new float[numKeys * keyDim];
        this.values = new float[numKeys * valueSize];
        this.sums = new float[numRows * valueSize];
        this.totals = new float[numRows * TOTALS];
        this.maxima = new float[numRows];
        readQueries(queries);
    }

    /// @param scratch holds sums, totals and maxima from one part of the keys to the next
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
        VectorTileAttention attention = new VectorTileAttention(queries, tiles);
        if (begins) {
            Arrays.fill(attention.maxima, Float.NEGATIVE_INFINITY);
        } else {
            attention.load(scratch);
        }
        int numSeen = tiles.visible(queries.numRows() - 1, firstVisible, visibleStep);
        for (int key = 0; key < numSeen; key += STEP_KEYS) {
            int numTiles = numSeen - key > TILE_KEYS ? 2 : 1;
            attention.step(key, numTiles, firstVisible, visibleStep);
        }
        if (ends) {
            attention.store(out, outOffset, outStride);
        } else {
            attention.save(scratch);
        }
    }

    private void load(MemorySegment scratch) {
        long at = 0;
        for (float[] part : new float[][] {sums, totals, maxima}) {
            MemorySegment.copy(scratch, JAVA_FLOAT, at, part, 0, part.length);
            at += (long) part.length * Float.BYTES;
        }
    }

    private void save(MemorySegment scratch) {
        long at = 0;
        for (float[] part : new float[][] {sums, totals, maxima}) {
            MemorySegment.copy(part, 0, scratch, JAVA_FLOAT, at, part.length);
            at += (long) part.length * Float.BYTES;
        }
    }

    private void step(int firstKey, int numTiles, int firstVisible, int visibleStep) {
        int numKeys = numTiles * TILE_KEYS;
        read(tiles.keys(), (long) firstKey * keyDim, keys, numKeys * keyDim, TILE_KEYS);
        read(tiles.values(), (long) firstKey * valueSize, values, numKeys * valueSize, valueSize);
        for (int query = 0; query < maxima.length; query += QUERIES) {
            int count = Math.min(QUERIES, maxima.length - query);
            for (int tile = 0; tile < numTiles; tile++) {
                VectorTiles.scores(
                        queries,
                        query * keyDim,
                        count,
                        keyDim,
                        keys,
                        tile * TILE_KEYS * keyDim,
                        scores,
                        tile * QUERIES * TILE_KEYS);
            }
            for (int i = 0; i < count; i++) {
                int visible = tiles.visible(query + i, firstVisible, visibleStep);
                hide(i, Math.max(0, visible - firstKey), numTiles * TILE_KEYS);
            }
            weigh(query, count, numTiles);
            for (int tile = 0; tile < numTiles; tile++) {
                VectorTiles.addValues(
                        scores,
                        tile * QUERIES * TILE_KEYS,
                        count,
                        values,
                        tile * TILE_KEYS * valueSize,
                        valueSize,
                        sums,
                        query * valueSize);
            }
        }
    }

    private void readQueries(WeightMatrix from) {
        int swap = from.type() == ElementType.BF16 ? 1 : 0;
        int bound = swap == 1 ? FLOATS.loopBound(keyDim) : 0;
        for (int query = 0; query < numQueries; query++) {
            int to = query * keyDim;
            for (int i = 0; i < bound; i += LANES) {
                Lanes.widened(from.data(), (long) (to + i) * Short.BYTES)
                        .rearrange(SWAP_PAIRS)
                        .intoArray(queries, to + i);
            }
            for (int i = bound; i < keyDim; i++) {
                queries[to + i] = ScalarKernels.element(from, query, i ^ swap);
            }
        }
    }

    /// Elements as floats.
    ///
    /// @param rowSize pairs of a row: the second ones make a row of their own, and the first ones the next
    private void read(MemorySegment from, long first, float[] to, int count, int rowSize) {
        switch (tiles.type()) {
            case F32 ->
                    MemorySegment.copy(from, ScalarKernels.F32, first * Float.BYTES, to, 0, count);
            case BF16 -> {
                for (int row = 0; row < count; row += 2 * rowSize) {
                    for (int i = 0; i < rowSize; i += LANES) {
                        IntVector pairs =
                                Lanes.storedInts(from, (first + row + 2L * i) * Short.BYTES);
                        pairs.and(0xffff0000).reinterpretAsFloats().intoArray(to, row + i);
                        pairs.lanewise(VectorOperators.LSHL, 16)
                                .reinterpretAsFloats()
                                .intoArray(to, row + rowSize + i);
                    }
                }
            }
        }
    }

    private void hide(int row, int from, int to) {
        for (int key = from; key < to; key++) {
            scores[rowOffset(key / TILE_KEYS, row) + key % TILE_KEYS] = Float.NEGATIVE_INFINITY;
        }
    }

    /// A step of the online softmax: scores become weights. All queries take a part of it before any takes the
    /// next: one query's parts wait for each other, and those of others do not.
    private void weigh(int query, int count, int numTiles) {
        for (int row = 0; row < count; row++) {
            raiseMaximum(query + row, row, numTiles);
        }
        for (int tile = 0; tile < numTiles; tile++) {
            VectorWeights.weigh(
                    scores,
                    rowOffset(tile, 0),
                    count,
                    maxima,
                    query,
                    totals,
                    tiles.type() == ElementType.BF16);
        }
    }

    private void raiseMaximum(int query, int row, int numTiles) {
        float before = maxima[query];
        FloatVector most = FloatVector.broadcast(FLOATS, before);
        for (int tile = 0; tile < numTiles; tile++) {
            int at = rowOffset(tile, row);
            for (int key = 0; key < TILE_KEYS; key += LANES) {
                FloatVector score = FloatVector.fromArray(FLOATS, scores, at + key);
                most = most.blend(score, score.compare(VectorOperators.GT, most));
            }
        }
        if (most.compare(VectorOperators.GT, before).anyTrue()) {
            float largest = most.reduceLanes(VectorOperators.MAX); // the same in any order
            float shrink = Exponential.exp(before - largest);
            scale(sums, query * valueSize, valueSize, shrink);
            scale(totals, query * TOTALS, TOTALS, shrink);
            maxima[query] = largest;
        }
    }

    private static int rowOffset(int tile, int row) {
        return (tile * QUERIES + row) * TILE_KEYS;
    }

    private static void scale(float[] x, int from, int length, float factor) {
        for (int i = from; i < from + length; i += LANES) {
            FloatVector.fromArray(FLOATS, x, i).mul(factor).intoArray(x, i);
        }
    }

    private void store(MemorySegment out, long outOffset, long outStride) {
        float[] lanes = new float[TOTALS];
        for (int query = 0; query < numQueries; query++) {
            System.arraycopy(totals, query * TOTALS, lanes, 0, TOTALS);
            float inverse = 1 / ScalarTiles.sum(lanes);
            int from = query * valueSize;
            long to = outOffset + query * outStride;
            int i = 0;
            for (; i < FLOATS.loopBound(tiles.valueDim()); i += LANES) {
                FloatVector.fromArray(FLOATS, sums, from + i)
                        .mul(inverse)
                        .intoMemorySegment(out, (to + i) * Float.BYTES, MACHINE);
            }
            for (; i < tiles.valueDim(); i++) {
                out.setAtIndex(JAVA_FLOAT, to + i, sums[from + i] * inverse);
            }
        }
    }
}
