package io.moonglass.tensor;

import static io.moonglass.tensor.KeyValueTiles.STEP_KEYS;
import static io.moonglass.tensor.KeyValueTiles.TILE_KEYS;
import static io.moonglass.tensor.KeyValueTiles.TOTALS;
import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.Lanes.MACHINE;
import static io.moonglass.tensor.Lanes.floats;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;

/// Attention of many queries, of [VectorKernels]. Tiles of bfloat16 numbers are widened once for all
/// queries, the second of a pair before the first, which is the order of their sums.
final class VectorTileAttention {

    private static final int QUERIES = VectorTiles.QUERIES;
    private static final VectorShuffle<Float> SWAP_PAIRS =
            VectorShuffle.fromOp(FLOATS, lane -> lane ^ 1);

    private final KeyValueTiles tiles;
    private final int numQueries;
    private final MemorySegment queries;
    private final MemorySegment keys;
    private final MemorySegment values;
    private final MemorySegment sums;
    private final MemorySegment totals;
    private final MemorySegment maxima;
    private final MemorySegment scores;

    /// Cuts the scratch into what a step needs.
    private VectorTileAttention(
            WeightMatrix queries, KeyValueTiles tiles, boolean begins, MemorySegment scratch) {
        this.tiles = tiles;
        this.numQueries = queries.numRows();
        long rows = numQueries + QUERIES;
        long[] sizes = {
            rows * tiles.keyDim(),
            (long) STEP_KEYS * tiles.keyDim(),
            (long) STEP_KEYS * tiles.valueSize(),
            rows * tiles.valueSize(),
            rows * TOTALS,
            rows,
            (long) QUERIES * STEP_KEYS
        };
        MemorySegment[] parts = new MemorySegment[sizes.length];
        long at = 0;
        for (int i = 0; i < sizes.length; i++) {
            parts[i] = scratch.asSlice(at, sizes[i] * Float.BYTES);
            at += sizes[i] * Float.BYTES;
        }
        this.queries = parts[0];
        this.keys = parts[1];
        this.values = parts[2];
        this.sums = parts[3];
        this.totals = parts[4];
        this.maxima = parts[5];
        this.scores = parts[6];
        if (!begins) {
            return;
        }
        this.queries.fill((byte) 0);
        this.sums.fill((byte) 0);
        this.totals.fill((byte) 0);
        for (int query = 0; query < rows; query++) {
            maxima.setAtIndex(JAVA_FLOAT, query, Float.NEGATIVE_INFINITY);
        }
        int swap = tiles.type() == ElementType.BF16 ? 1 : 0;
        for (int query = 0; query < numQueries; query++) {
            for (int i = 0; i < tiles.keyDim(); i++) {
                this.queries.setAtIndex(
                        JAVA_FLOAT,
                        (long) query * tiles.keyDim() + i,
                        ScalarKernels.element(queries, query, i ^ swap));
            }
        }
    }

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
        VectorTileAttention attention = new VectorTileAttention(queries, tiles, begins, scratch);
        int numSeen = tiles.visible(queries.numRows() - 1, firstVisible, visibleStep);
        for (int key = 0; key < numSeen; key += STEP_KEYS) {
            int numTiles = numSeen - key > TILE_KEYS ? 2 : 1;
            attention.step(key, numTiles, firstVisible, visibleStep);
        }
        if (ends) {
            attention.store(out, outOffset, outStride);
        }
    }

    private void step(int firstKey, int numTiles, int firstVisible, int visibleStep) {
        int keyDim = tiles.keyDim();
        int valueSize = tiles.valueSize();
        int numWidened = numTiles * TILE_KEYS;
        read(tiles.keys(), (long) firstKey * keyDim, keys, numWidened * keyDim, TILE_KEYS);
        read(
                tiles.values(),
                (long) firstKey * valueSize,
                values,
                numWidened * valueSize,
                valueSize);
        for (int query = 0; query < numQueries; query += QUERIES) {
            for (int tile = 0; tile < numTiles; tile++) {
                VectorTiles.tileScores(
                        queries,
                        (long) query * keyDim,
                        keyDim,
                        keyDim,
                        part(keys, tile, TILE_KEYS * keyDim),
                        part(scores, tile, QUERIES * TILE_KEYS));
            }
            for (int i = 0; i < QUERIES; i++) {
                int visible = tiles.visible(query + i, firstVisible, visibleStep);
                weigh(query + i, i, numTiles, visible - firstKey);
            }
            for (int tile = 0; tile < numTiles; tile++) {
                VectorTiles.tileValues(
                        part(scores, tile, QUERIES * TILE_KEYS),
                        part(values, tile, TILE_KEYS * valueSize),
                        valueSize,
                        sums,
                        (long) query * valueSize,
                        valueSize);
            }
        }
    }

    private static MemorySegment part(MemorySegment segment, int part, int size) {
        return segment.asSlice((long) part * size * Float.BYTES, (long) size * Float.BYTES);
    }

    /// Elements as floats.
    ///
    /// @param rowSize pairs of a row: the second ones make a row of their own, and the first ones the next
    private void read(MemorySegment from, long first, MemorySegment to, int count, int rowSize) {
        switch (tiles.type()) {
            case F32 ->
                    MemorySegment.copy(
                            from, first * Float.BYTES, to, 0, (long) count * Float.BYTES);
            case BF16 -> {
                for (int row = 0; row < count; row += 2 * rowSize) {
                    long target = (long) row * Float.BYTES;
                    for (int i = 0; i < rowSize; i += LANES) {
                        IntVector pairs =
                                Lanes.storedInts(from, (first + row + 2L * i) * Short.BYTES);
                        long at = target + (long) i * Float.BYTES;
                        pairs.and(0xffff0000)
                                .reinterpretAsFloats()
                                .intoMemorySegment(to, at, MACHINE);
                        pairs.lanewise(VectorOperators.LSHL, 16)
                                .reinterpretAsFloats()
                                .intoMemorySegment(to, at + (long) rowSize * Float.BYTES, MACHINE);
                    }
                }
            }
        }
    }

    /// One query's step of the online softmax: scores become weights.
    ///
    /// @param row     of the scores
    /// @param visible keys of this step that it sees
    private void weigh(int query, int row, int numTiles, int visible) {
        for (int key = Math.max(0, visible); key < numTiles * TILE_KEYS; key++) {
            scores.setAtIndex(
                    JAVA_FLOAT,
                    (long) key / TILE_KEYS * QUERIES * TILE_KEYS
                            + row * TILE_KEYS
                            + key % TILE_KEYS,
                    Float.NEGATIVE_INFINITY);
        }
        float before = maxima.getAtIndex(JAVA_FLOAT, query);
        FloatVector most = FloatVector.broadcast(FLOATS, before);
        for (int tile = 0; tile < numTiles; tile++) {
            long at = rowOffset(tile, row);
            for (int key = 0; key < TILE_KEYS; key += LANES) {
                most = most.max(floats(scores, at + (long) key * Float.BYTES));
            }
        }
        float largest = most.reduceLanes(VectorOperators.MAX); // the same in any order
        if (largest != before) {
            float shrink = Exponential.exp(before - largest);
            scale(sums, (long) query * tiles.valueSize(), tiles.valueSize(), shrink);
            scale(totals, (long) query * TOTALS, TOTALS, shrink);
            maxima.setAtIndex(JAVA_FLOAT, query, largest);
        }
        for (int lane = 0; lane < TOTALS; lane += LANES) {
            addWeights(query, row, numTiles, lane, largest);
        }
    }

    private static long rowOffset(int tile, int row) {
        return (long) (tile * QUERIES + row) * TILE_KEYS * Float.BYTES;
    }

    /// The weights of every sixteenth vector of lanes.
    private void addWeights(int query, int row, int numTiles, int lane, float largest) {
        long total = ((long) query * TOTALS + lane) * Float.BYTES;
        FloatVector sum = floats(totals, total);
        boolean rounded = tiles.type() == ElementType.BF16;
        for (int tile = 0; tile < numTiles; tile++) {
            long at = rowOffset(tile, row);
            for (int key = lane; key < TILE_KEYS; key += TOTALS) {
                long target = at + (long) key * Float.BYTES;
                FloatVector weight = Lanes.exp(floats(scores, target).sub(largest));
                sum = sum.add(weight);
                if (rounded) {
                    weight = Lanes.roundedToBfloat16(weight).rearrange(SWAP_PAIRS);
                }
                weight.intoMemorySegment(scores, target, MACHINE);
            }
        }
        sum.intoMemorySegment(totals, total, MACHINE);
    }

    private static void scale(MemorySegment x, long offset, int length, float factor) {
        for (int i = 0; i < length; i += LANES) {
            long at = (offset + i) * Float.BYTES;
            floats(x, at).mul(factor).intoMemorySegment(x, at, MACHINE);
        }
    }

    private void store(MemorySegment out, long outOffset, long outStride) {
        float[] lanes = new float[TOTALS];
        for (int query = 0; query < numQueries; query++) {
            MemorySegment.copy(
                    totals, JAVA_FLOAT, (long) query * TOTALS * Float.BYTES, lanes, 0, TOTALS);
            float inverse = 1 / ScalarTiles.sum(lanes);
            for (int i = 0; i < tiles.valueDim(); i++) {
                float sum = sums.getAtIndex(JAVA_FLOAT, (long) query * tiles.valueSize() + i);
                out.setAtIndex(JAVA_FLOAT, outOffset + query * outStride + i, sum * inverse);
            }
        }
    }
}
