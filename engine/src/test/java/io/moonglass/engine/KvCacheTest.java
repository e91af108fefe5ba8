package io.moonglass.engine;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.tensor.WeightMatrix;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KvCacheTest {

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "31, 1", "32, 1", "33, 2", "64, 2", "65, 3", "131072, 4096"})
    void a_block_holds_32_tokens(long numTokens, int numBlocks) {
        assertEquals(numBlocks, KvCache.blocksFor(numTokens));
    }

    @Test
    void a_table_gets_all_blocks_it_needs_or_none() {
        try (KvCache cache = SmallCache.ofBlocks(3)) {
            BlockTable one = new BlockTable();
            BlockTable other = new BlockTable();

            assertTrue(cache.tryReserve(one, 33));
            assertEquals(2, one.numBlocks());
            assertEquals(1, cache.numFree());
            assertFalse(cache.tryReserve(other, 33));
            assertEquals(0, other.numBlocks());
            assertEquals(1, cache.numFree());
            assertTrue(cache.tryReserve(other, 32));
            assertEquals(0, cache.numFree());
        }
    }

    @Test
    void a_table_that_grows_keeps_its_blocks_and_gets_only_what_is_missing() {
        try (KvCache cache = SmallCache.ofBlocks(8)) {
            BlockTable table = new BlockTable();
            List<Integer> blocks = List.of();
            for (int numTokens = 1; numTokens <= 256; numTokens++) {
                assertTrue(cache.tryReserve(table, numTokens));
                List<Integer> grown = blocksOf(table);

                assertEquals(KvCache.blocksFor(numTokens), grown.size());
                assertEquals(blocks, grown.subList(0, blocks.size()));
                blocks = grown;
            }
            assertFalse(cache.tryReserve(table, 257));
            assertTrue(cache.tryReserve(table, 10)); // fewer than it has
            assertEquals(8, new HashSet<>(blocks).size());
            assertEquals(blocks, blocksOf(table));
        }
    }

    @Test
    void released_blocks_are_whole_again_and_go_to_the_next_user() {
        try (KvCache cache = SmallCache.ofBlocks(4)) {
            BlockTable one = new BlockTable();
            BlockTable other = new BlockTable();
            cache.tryReserve(one, 3 * 32);
            Set<Integer> before = new HashSet<>(blocksOf(one));
            cache.release(one);

            assertEquals(0, one.numBlocks());
            assertEquals(4, cache.numFree());
            cache.tryReserve(other, 3 * 32);
            assertEquals(before, new HashSet<>(blocksOf(other)));
            assertTrue(cache.tryReserve(other, 4 * 32));
            assertEquals(0, cache.numFree());
        }
    }

    @Test
    void releasing_twice_gives_back_once() {
        try (KvCache cache = SmallCache.ofBlocks(2)) {
            BlockTable table = new BlockTable();
            cache.tryReserve(table, 64);
            cache.release(table);
            cache.release(table);

            assertEquals(2, cache.numFree());
        }
    }

    @Test
    void memory_is_taken_when_a_block_is_first_used_and_then_kept() {
        try (KvCache cache = SmallCache.ofBlocks(100)) {
            long blockBytes = KvCache.blockBytes(SmallCache.config(2, 1, 2), CacheType.F32);
            BlockTable table = new BlockTable();

            assertEquals(2 * 32 * 3 * Float.BYTES, blockBytes);
            assertEquals(0, cache.reservedBytes());
            cache.tryReserve(table, 40);
            assertEquals(2 * blockBytes, cache.reservedBytes());
            cache.release(table);
            cache.tryReserve(table, 40);
            assertEquals(2 * blockBytes, cache.reservedBytes());
            assertEquals(100, cache.numBlocks());
            assertEquals(98, cache.numFree());
        }
    }

    @Test
    void the_rows_of_layers_and_blocks_do_not_overlap() {
        try (KvCache cache = SmallCache.ofBlocks(3)) {
            BlockTable table = new BlockTable();
            cache.tryReserve(table, 3 * 32);
            for (int i = 0; i < 6; i++) {
                WeightMatrix rows = cache.rows(i % 2, table.block(i / 2), KvCache.BLOCK_SIZE, null);
                assertEquals(KvCache.BLOCK_SIZE, rows.numRows());
                assertEquals(3, rows.numColumns());
                for (int value = 0; value < 96; value++) {
                    rows.data().setAtIndex(JAVA_FLOAT, value, i * 1000 + value);
                }
            }
            for (int i = 0; i < 6; i++) {
                float[] rows =
                        cache.rows(i % 2, table.block(i / 2), KvCache.BLOCK_SIZE, null)
                                .data()
                                .toArray(JAVA_FLOAT);
                float[] expected = new float[96];
                for (int value = 0; value < 96; value++) {
                    expected[value] = i * 1000 + value;
                }
                assertArrayEquals(expected, rows);
            }
            assertNotEquals(table.block(0), table.block(1));
        }
    }

    private static List<Integer> blocksOf(BlockTable table) {
        List<Integer> blocks = new ArrayList<>();
        for (int i = 0; i < table.numBlocks(); i++) {
            blocks.add(table.block(i));
        }
        return blocks;
    }
}
