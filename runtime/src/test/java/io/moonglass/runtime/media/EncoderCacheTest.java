package io.moonglass.runtime.media;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.tensor.FloatMatrix;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.Test;

class EncoderCacheTest {

    private static final long ENTRY_BYTES = 4 * 2 * Float.BYTES;

    private final EncoderCache cache = new EncoderCache(2 * ENTRY_BYTES);

    @Test
    void the_least_recently_used_rows_go_first() {
        Arena first = add(1);
        Arena second = add(2);
        cache.find(digest(1)).orElseThrow().close();

        Arena third = add(3);

        assertTrue(first.scope().isAlive());
        assertFalse(second.scope().isAlive());
        assertTrue(third.scope().isAlive());
        assertTrue(cache.find(digest(2)).isEmpty());
        assertEquals(2 * ENTRY_BYTES, cache.bytes());
    }

    @Test
    void rows_in_use_never_go() {
        Arena first = Arena.ofShared();
        ImageRows used = cache.add(digest(1), first, rows(first, 1));
        Arena second = add(2);
        add(3);
        add(4);

        assertTrue(first.scope().isAlive());
        assertFalse(second.scope().isAlive());
        assertEquals(1, used.matrix().get(3, 1));

        used.close();
        add(5);
        add(6);
        assertFalse(first.scope().isAlive());
    }

    @Test
    void a_flush_drops_all_rows_but_those_in_use() {
        Arena first = Arena.ofShared();
        ImageRows used = cache.add(digest(1), first, rows(first, 1));
        Arena second = add(2);

        assertEquals(ENTRY_BYTES, cache.flush());

        assertTrue(first.scope().isAlive());
        assertFalse(second.scope().isAlive());
        used.close();
        assertTrue(cache.find(digest(1)).isPresent(), "what is used is kept as before");
    }

    @Test
    void rows_larger_than_the_cache_are_shared_as_long_as_they_are_used() {
        EncoderCache small = new EncoderCache(ENTRY_BYTES - 1);
        Arena arena = Arena.ofShared();
        ImageRows first = small.add(digest(1), arena, rows(arena, 1));
        ImageRows second = small.find(digest(1)).orElseThrow();
        assertEquals(ENTRY_BYTES, small.bytes());

        first.close();
        first.close(); // the second user's rows must not go with it
        assertTrue(arena.scope().isAlive());
        second.close();

        assertFalse(arena.scope().isAlive());
        assertEquals(0, small.bytes());
    }

    @Test
    void a_closed_cache_frees_what_nobody_uses_and_the_rest_when_nobody_does() {
        Arena unused = add(1);
        Arena arena = Arena.ofShared();
        ImageRows used = cache.add(digest(2), arena, rows(arena, 2));

        cache.close();

        assertFalse(unused.scope().isAlive());
        assertTrue(arena.scope().isAlive());
        used.close();
        assertFalse(arena.scope().isAlive());
        assertEquals(0, cache.bytes());
    }

    @Test
    void rows_of_a_picture_that_is_there_are_not_replaced() {
        Arena first = add(1);
        try (Arena again = Arena.ofShared()) {
            assertThrows(
                    IllegalStateException.class, () -> cache.add(digest(1), again, rows(again, 1)));
        }
        assertTrue(first.scope().isAlive());
    }

    private Arena add(int number) {
        Arena arena = Arena.ofShared();
        cache.add(digest(number), arena, rows(arena, number)).close();
        return arena;
    }

    private static FloatMatrix rows(Arena arena, float value) {
        return FloatMatrix.of(arena, 2, value, value, value, value, value, value, value, value);
    }

    private static Digest digest(int number) {
        return new DigestBuilder().add(number).build();
    }
}
