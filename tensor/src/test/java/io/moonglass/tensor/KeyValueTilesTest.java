package io.moonglass.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class KeyValueTilesTest {

    private static final int[] NUMS_OF_KEYS = {1, 31, 33, 63, 64, 65, 128, 129, 257};

    private final Arena arena = Arena.ofConfined();
    private final Random random = new Random(11);

    @AfterEach
    void close() {
        arena.close();
    }

    @ParameterizedTest
    @CsvSource({
        "F32, 72, 72",
        "BF16, 72, 72",
        "BF16, 192, 128",
        "F32, 6, 5",
        "BF16, 6, 5",
        "BF16, 64, 100",
        "F32, 16, 33"
    })
    void all_kernels_attend_alike_to_the_bit(ElementType type, int keyDim, int valueDim) {
        for (int numKeys : NUMS_OF_KEYS) {
            KeyValueTiles tiles = tiles(type, numKeys, keyDim, valueDim);
            for (int numQueries : new int[] {1, 4, 7, 12, 17}) {
                WeightMatrix queries = queries(type, numQueries, keyDim);
                for (int step = 0; step <= 1; step++) {
                    int first = step == 0 ? numKeys : 1;
                    float[] expected = attend(new ScalarKernels(), queries, tiles, first, step);
                    for (KernelSet kernels : TestKernels.others()) {
                        assertArrayEquals(
                                expected,
                                attend(kernels, queries, tiles, first, step),
                                "%s, %d queries, %d keys, step %d"
                                        .formatted(kernels.name(), numQueries, numKeys, step));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"F32, 3e-6", "BF16, 1e-2"})
    void what_comes_out_is_a_softmax_in_double_precision(ElementType type, double tolerance) {
        for (int numKeys : NUMS_OF_KEYS) {
            int dim = 72;
            FloatMatrix keys = FloatMatrix.of(arena, dim, random(numKeys * dim));
            FloatMatrix values = FloatMatrix.of(arena, dim, random(numKeys * dim));
            KeyValueTiles tiles = tiles(type, keys, values);
            FloatMatrix query = FloatMatrix.of(arena, dim, random(dim));
            WeightMatrix queries = queries(type, query);

            float[] out = attend(Kernels.fastest(), queries, tiles, numKeys, 0);

            double[] scores = new double[numKeys];
            double total = 0;
            for (int key = 0; key < numKeys; key++) {
                for (int i = 0; i < dim; i++) {
                    scores[key] += (double) query.get(0, i) * keys.get(key, i);
                }
                total += Math.exp(scores[key]);
            }
            for (int i = 0; i < dim; i++) {
                double sum = 0;
                for (int key = 0; key < numKeys; key++) {
                    sum += Math.exp(scores[key]) / total * values.get(key, i);
                }
                assertEquals(sum, out[i], tolerance, numKeys + " keys");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void a_query_sees_no_key_beyond_its_limit(ElementType type) {
        int dim = 8;
        FloatMatrix keys = FloatMatrix.of(arena, dim, random(200 * dim));
        FloatMatrix values = FloatMatrix.of(arena, dim, random(200 * dim));
        WeightMatrix queries = queries(type, 90, dim);

        float[] causal = attend(Kernels.fastest(), queries, tiles(type, keys, values), 100, 1);

        for (int query = 0; query < 90; query++) {
            KeyValueTiles seen =
                    tiles(type, keys.rows(0, 100 + query), values.rows(0, 100 + query));
            float[] alone = attend(Kernels.fastest(), queries.rows(query, 1), seen, 100 + query, 0);
            for (int i = 0; i < dim; i++) {
                assertEquals(alone[i], causal[query * dim + i], "query " + query);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ElementType.class)
    void keys_that_come_in_parts_give_the_bits_of_all_at_once(ElementType type) {
        int dim = 8;
        int numKeys = 300;
        FloatMatrix keys = FloatMatrix.of(arena, dim, random(numKeys * dim));
        FloatMatrix values = FloatMatrix.of(arena, dim, random(numKeys * dim));
        WeightMatrix queries = queries(type, 200, dim);
        List<KernelSet> all = new ArrayList<>(TestKernels.others());
        all.add(new ScalarKernels());
        for (KernelSet kernels : all) {
            float[] whole = attend(kernels, queries, tiles(type, keys, values), 101, 1);

            int size = KeyValueTiles.scratchSize(200, dim, dim);
            FloatMatrix scratch = FloatMatrix.allocate(arena, 1, size);
            FloatMatrix out = FloatMatrix.allocate(arena, 200, dim);
            for (int from = 0; from < numKeys; from += 128) {
                int count = Math.min(128, numKeys - from);
                boolean last = from + count == numKeys;
                KeyValueTiles part = tiles(type, keys.rows(from, count), values.rows(from, count));
                kernels.attend(
                        queries,
                        part,
                        101 - from,
                        1,
                        from == 0,
                        last,
                        scratch.data(),
                        out.data(),
                        0,
                        dim);
            }
            assertArrayEquals(whole, out.toArray(), kernels.name());
        }
    }

    @Test
    void keys_and_values_that_do_not_fit_are_refused() {
        KeyValueTiles tiles = tiles(ElementType.F32, 10, 4, 4);
        FloatMatrix rows = FloatMatrix.allocate(arena, 3, 8);
        assertThrows(IllegalArgumentException.class, () -> tiles.putKeys(rows, 5, 0));
        assertThrows(IllegalArgumentException.class, () -> tiles.putKeys(rows, 0, 8));
        assertThrows(IllegalArgumentException.class, () -> tiles.putValues(rows, 0, 3));
        assertThrows(
                IllegalArgumentException.class,
                () -> new KeyValueTiles(tiles.keys(), tiles.values(), ElementType.BF16, 10, 4, 4));
    }

    @Test
    void queries_of_another_type_or_too_little_scratch_are_refused() {
        KeyValueTiles tiles = tiles(ElementType.F32, 10, 4, 4);
        FloatMatrix out = FloatMatrix.allocate(arena, 2, 4);
        FloatMatrix scratch = FloatMatrix.allocate(arena, 1, KeyValueTiles.scratchSize(2, 4, 4));
        FloatMatrix little = FloatMatrix.allocate(arena, 1, 100);
        WeightMatrix others = queries(ElementType.BF16, 2, 4);
        WeightMatrix queries = queries(ElementType.F32, 2, 4);
        assertThrows(
                IllegalArgumentException.class,
                () -> tiles.attend(others, 10, 0, scratch, out, 0, 0));
        assertThrows(
                IllegalArgumentException.class,
                () -> tiles.attend(queries, 10, 0, little, out, 0, 0));
        assertThrows(
                IllegalArgumentException.class,
                () -> tiles.attend(queries, 0, 0, scratch, out, 0, 0));
    }

    /// Scratch and output begin as rubbish.
    private float[] attend(
            KernelSet kernels, WeightMatrix queries, KeyValueTiles tiles, int first, int step) {
        int numQueries = queries.numRows();
        int valueDim = tiles.valueDim();
        int size = KeyValueTiles.scratchSize(numQueries, tiles.keyDim(), valueDim);
        FloatMatrix scratch = FloatMatrix.allocate(arena, 1, size);
        scratch.data().fill((byte) -1);
        FloatMatrix out = FloatMatrix.allocate(arena, numQueries, valueDim);
        kernels.attend(
                queries, tiles, first, step, true, true, scratch.data(), out.data(), 0, valueDim);
        return out.toArray();
    }

    private KeyValueTiles tiles(ElementType type, int numKeys, int keyDim, int valueDim) {
        return tiles(
                type,
                FloatMatrix.of(arena, keyDim, random(numKeys * keyDim)),
                FloatMatrix.of(arena, valueDim, random(numKeys * valueDim)));
    }

    /// In memory that held something else, and from rows in two parts.
    private KeyValueTiles tiles(ElementType type, FloatMatrix keys, FloatMatrix values) {
        int numKeys = keys.numRows();
        MemorySegment keyData =
                arena.allocate(KeyValueTiles.keyBytes(type, numKeys, keys.numColumns()), 64);
        MemorySegment valueData =
                arena.allocate(KeyValueTiles.valueBytes(type, numKeys, values.numColumns()), 64);
        keyData.fill((byte) -1);
        valueData.fill((byte) -1);
        KeyValueTiles tiles =
                new KeyValueTiles(
                        keyData, valueData, type, numKeys, keys.numColumns(), values.numColumns());
        tiles.clearLastTile();
        int first = numKeys / 3 / 2 * 2;
        tiles.putKeys(keys.rows(0, first), 0, 0);
        tiles.putKeys(keys.rows(first, numKeys - first), 0, first);
        tiles.putValues(values.rows(0, first), 0, 0);
        tiles.putValues(values.rows(first, numKeys - first), 0, first);
        return tiles;
    }

    private WeightMatrix queries(ElementType type, int numQueries, int keyDim) {
        return queries(type, FloatMatrix.of(arena, keyDim, random(numQueries * keyDim)));
    }

    private WeightMatrix queries(ElementType type, FloatMatrix rows) {
        long bytes = (long) rows.numRows() * rows.numColumns() * type.bytes();
        WeightMatrix queries =
                new WeightMatrix(
                        arena.allocate(bytes, 64), type, rows.numRows(), rows.numColumns());
        KeyValueTiles.putQueries(rows, 0, 1, queries, 0);
        return queries;
    }

    private float[] random(int count) {
        return TestWeights.random(random, count, 0.6f);
    }
}
