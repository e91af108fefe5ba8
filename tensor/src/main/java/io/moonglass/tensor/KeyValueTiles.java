package io.moonglass.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Keys and values of one head in the order in which attention of many queries reads them: 64 keys
/// make a tile, whose keys lie in the lanes of registers, and so do the elements of values.
///
/// ```text
///          keys                   values
/// F32      [keyDim][64]           [64][valueSize]
/// BF16     [keyDim / 2][64][2]    [32][valueSize][2]   (pairs: elements of a key, two keys' values)
/// ```
///
/// Here valueSize is valueDim, padded to a multiple of 16. In bfloat16, queries, keys, values and the
/// weights of a softmax are rounded; products are exact and sums are floats.
///
/// @param keys   exactly [#keyBytes], little-endian
/// @param values exactly [#valueBytes], little-endian
/// @param keyDim even
public record KeyValueTiles(
        MemorySegment keys,
        MemorySegment values,
        ElementType type,
        int numKeys,
        int keyDim,
        int valueDim) {

    /// Keys of a tile.
    public static final int TILE_KEYS = 64;

    /// Keys between two corrections of the online softmax.
    static final int STEP_KEYS = 2 * TILE_KEYS;

    /// Partial sums of a query's weights: the key's number modulo this picks one.
    static final int TOTALS = 16;

    /// Queries that a kernel takes at once, at most.
    private static final int MOST_QUERIES = 8;

    private static final ValueLayout.OfInt PAIR =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    public KeyValueTiles {
        if (numKeys < 1
                || keyDim % 2 != 0
                || keys.byteSize() != keyBytes(type, numKeys, keyDim)
                || values.byteSize() != valueBytes(type, numKeys, valueDim)) {
            throw new IllegalArgumentException(
                    "%d keys of %d in %d bytes, values of %d in %d bytes, as %s"
                            .formatted(
                                    numKeys,
                                    keyDim,
                                    keys.byteSize(),
                                    valueDim,
                                    values.byteSize(),
                                    type));
        }
    }

    public static long keyBytes(ElementType type, int numKeys, int keyDim) {
        return (long) numTiles(numKeys) * TILE_KEYS * keyDim * type.bytes();
    }

    public static long valueBytes(ElementType type, int numKeys, int valueDim) {
        return (long) numTiles(numKeys) * TILE_KEYS * padded(valueDim) * type.bytes();
    }

    /// Floats that [#attend] wants as scratch.
    public static int scratchSize(int numQueries, int keyDim, int valueDim) {
        int rowFloats = keyDim + padded(valueDim) + TOTALS + 1;
        int stepFloats = 2 * MOST_QUERIES + keyDim + padded(valueDim);
        return (numQueries + MOST_QUERIES) * rowFloats + STEP_KEYS * stepFloats;
    }

    static int numTiles(int numKeys) {
        return (numKeys + TILE_KEYS - 1) / TILE_KEYS;
    }

    private static int padded(int valueDim) {
        return (valueDim + TOTALS - 1) / TOTALS * TOTALS;
    }

    int valueSize() {
        return padded(valueDim);
    }

    /// Makes keys and values of the last tile zeros: what follows the last key must be finite.
    public void clearLastTile() {
        long from = (long) (numTiles(numKeys) - 1) * TILE_KEYS * type.bytes();
        keys.asSlice(from * keyDim).fill((byte) 0);
        values.asSlice(from * valueSize()).fill((byte) 0);
    }

    /// Stores keys from columns `[column, column + keyDim)` of all rows.
    ///
    /// @param firstKey number of the first row's key
    public void putKeys(FloatMatrix x, int column, int firstKey) {
        putKeys(x, column, firstKey, 0, keyDim);
    }

    /// Stores elements `[element, element + count)` of keys, from columns `[column, column + count)` of
    /// all rows.
    ///
    /// @param firstKey number of the first row's key
    /// @param element  even, as is `count`
    public void putKeys(FloatMatrix x, int column, int firstKey, int element, int count) {
        check(x, column, count, firstKey);
        if (element < 0 || element % 2 != 0 || count % 2 != 0 || element + count > keyDim) {
            throw new IllegalArgumentException(
                    "elements %d to %d of keys of %d; want pairs"
                            .formatted(element, element + count, keyDim));
        }
        for (int row = 0; row < x.numRows(); row++) {
            int key = firstKey + row;
            long from = (long) row * x.numColumns() + column;
            long to = (long) (key / TILE_KEYS) * TILE_KEYS * keyDim;
            switch (type) {
                case F32 -> {
                    to += (long) element * TILE_KEYS + key % TILE_KEYS;
                    for (int i = 0; i < count; i++, to += TILE_KEYS) {
                        float value = x.data().getAtIndex(JAVA_FLOAT, from + i);
                        keys.set(ScalarKernels.F32, to * Float.BYTES, value);
                    }
                }
                case BF16 -> {
                    to = (to + (long) element * TILE_KEYS) * Short.BYTES;
                    to += key % TILE_KEYS * (long) Integer.BYTES;
                    for (int i = 0; i < count; i += 2, to += TILE_KEYS * Integer.BYTES) {
                        keys.set(PAIR, to, pair(x.data(), from + i, from + i + 1));
                    }
                }
            }
        }
    }

    /// Stores values from columns `[column, column + valueDim)` of all rows.
    ///
    /// @param firstKey number of the first row's key; even
    public void putValues(FloatMatrix x, int column, int firstKey) {
        check(x, column, valueDim, firstKey);
        for (int row = 0; row < x.numRows(); row += 2) {
            long from = (long) row * x.numColumns() + column;
            long to = (long) (firstKey + row) * valueSize() * type.bytes();
            boolean alone = row + 1 == x.numRows();
            switch (type) {
                case F32 -> {
                    putFloats(x.data(), from, to);
                    if (!alone) {
                        putFloats(
                                x.data(),
                                from + x.numColumns(),
                                to + (long) valueSize() * Float.BYTES);
                    }
                }
                case BF16 -> {
                    long second = alone ? from : from + x.numColumns();
                    int mask = alone ? 0xffff : -1;
                    for (int i = 0; i < valueDim; i++) {
                        int pair = pair(x.data(), from + i, second + i);
                        values.set(PAIR, to + (long) i * Integer.BYTES, pair & mask);
                    }
                    long padding = (long) valueDim * Integer.BYTES;
                    long end = (long) valueSize() * Integer.BYTES;
                    values.asSlice(to + padding, end - padding).fill((byte) 0);
                }
            }
        }
    }

    private void putFloats(MemorySegment x, long from, long to) {
        for (int i = 0; i < valueSize(); i++) {
            float value = i < valueDim ? x.getAtIndex(JAVA_FLOAT, from + i) : 0;
            values.set(ScalarKernels.F32, to + (long) i * Float.BYTES, value);
        }
    }

    /// Stores queries from columns `[column, column + queries.numColumns())` of all rows, times a factor.
    ///
    /// @param first row of the first query
    public static void putQueries(
            FloatMatrix x, int column, float factor, WeightMatrix queries, int first) {
        int size = queries.numColumns();
        for (int row = 0; row < x.numRows(); row++) {
            long from = (long) row * x.numColumns() + column;
            long to = (long) (first + row) * size * queries.type().bytes();
            for (int i = 0; i < size; i++) {
                float value = x.data().getAtIndex(JAVA_FLOAT, from + i) * factor;
                switch (queries.type()) {
                    case F32 ->
                            queries.data()
                                    .set(ScalarKernels.F32, to + (long) i * Float.BYTES, value);
                    case BF16 ->
                            queries.data()
                                    .set(
                                            ScalarKernels.BF16,
                                            to + (long) i * Short.BYTES,
                                            (short) Bfloat16.bits(value));
                }
            }
        }
    }

    private static int pair(MemorySegment x, long low, long high) {
        return Bfloat16.bits(x.getAtIndex(JAVA_FLOAT, low))
                | Bfloat16.bits(x.getAtIndex(JAVA_FLOAT, high)) << 16;
    }

    private void check(FloatMatrix x, int column, int size, int firstKey) {
        if (column < 0
                || column + size > x.numColumns()
                || firstKey < 0
                || firstKey % 2 != 0
                || firstKey + x.numRows() > numKeys) {
            throw new IllegalArgumentException(
                    "columns %d to %d of [%d, %d] as keys from %d of %d"
                            .formatted(
                                    column,
                                    column + size,
                                    x.numRows(),
                                    x.numColumns(),
                                    firstKey,
                                    numKeys));
        }
    }

    /// `out = softmax(Q Kᵀ) V`, key tile after key tile: an online softmax.
    ///
    /// Source: Dao 2023, "FlashAttention-2", algorithm 1.
    ///
    /// @param queries      `[numQueries, keyDim]`, scaled, of the type of the keys
    /// @param firstVisible keys that the first query sees, from key 0 on; 1 or more
    /// @param visibleStep  how many more each next query sees: 0, or 1 for causal attention
    /// @param scratch      at least [#scratchSize] floats
    /// @param out          gets `valueDim` values from row `row`, column `column` on for each query
    public void attend(
            WeightMatrix queries,
            int firstVisible,
            int visibleStep,
            FloatMatrix scratch,
            FloatMatrix out,
            int row,
            int column) {
        if (firstVisible < 1) {
            throw new IllegalArgumentException("a first query that sees no key");
        }
        attendPart(queries, firstVisible, visibleStep, true, true, scratch, out, row, column);
    }

    /// The same where these keys are a part of all: calls in the order of the keys, with one scratch, the
    /// first of which begins and the last of which ends. Parts before the last have whole steps of
    /// 128 keys.
    ///
    /// @param firstVisible keys of this part that the first query sees; less than 1 for none, unless this
    ///                     is the first part
    public void attendPart(
            WeightMatrix queries,
            int firstVisible,
            int visibleStep,
            boolean begins,
            boolean ends,
            FloatMatrix scratch,
            FloatMatrix out,
            int row,
            int column) {
        int numQueries = queries.numRows();
        boolean agree =
                queries.type() == type
                        && queries.numColumns() == keyDim
                        && (firstVisible >= 1 || !begins)
                        && visibleStep >= 0
                        && (numKeys % STEP_KEYS == 0 || ends)
                        && scratch.data().byteSize() / Float.BYTES
                                >= scratchSize(numQueries, keyDim, valueDim)
                        && row >= 0
                        && row + numQueries <= out.numRows()
                        && column >= 0
                        && column + valueDim <= out.numColumns();
        if (!agree) {
            throw new IllegalArgumentException(
                    "queries [%d, %d] as %s, keys of %d, values of %d to row %d, column %d of [%d, %d]"
                            .formatted(
                                    numQueries,
                                    queries.numColumns(),
                                    queries.type(),
                                    keyDim,
                                    valueDim,
                                    row,
                                    column,
                                    out.numRows(),
                                    out.numColumns()));
        }
        Kernels.fastest()
                .attend(
                        queries,
                        this,
                        firstVisible,
                        visibleStep,
                        begins,
                        ends,
                        scratch.data(),
                        out.data(),
                        (long) row * out.numColumns() + column,
                        out.numColumns());
    }

    /// Keys that a query sees.
    int visible(int query, int firstVisible, int visibleStep) {
        return (int) Math.min(numKeys, firstVisible + (long) query * visibleStep);
    }

    /// One element of a key, by definition of the layout.
    float key(int key, int i) {
        long tile = (long) (key / TILE_KEYS) * TILE_KEYS * keyDim * type.bytes();
        int inTile = key % TILE_KEYS;
        return switch (type) {
            case F32 ->
                    keys.get(
                            ScalarKernels.F32,
                            tile + ((long) i * TILE_KEYS + inTile) * Float.BYTES);
            case BF16 ->
                    widened(
                            keys,
                            tile + (((long) i / 2 * TILE_KEYS + inTile) * 2 + i % 2) * Short.BYTES);
        };
    }

    /// One element of a value, by definition of the layout.
    float value(int key, int i) {
        return switch (type) {
            case F32 -> values.get(ScalarKernels.F32, ((long) key * valueSize() + i) * Float.BYTES);
            case BF16 ->
                    widened(
                            values,
                            (((long) key / 2 * valueSize() + i) * 2 + key % 2) * Short.BYTES);
        };
    }

    private static float widened(MemorySegment segment, long at) {
        return Float.intBitsToFloat(segment.get(ScalarKernels.BF16, at) << 16);
    }
}
