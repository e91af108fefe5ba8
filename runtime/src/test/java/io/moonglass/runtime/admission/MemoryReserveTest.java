package io.moonglass.runtime.admission;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.runtime.OverloadedException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class MemoryReserveTest {

    private final AtomicLong available = new AtomicLong();
    private final MemoryReserve reserve = new MemoryReserve(100, available::get);

    @Test
    void what_caches_give_back_may_be_enough() {
        available.set(99);

        assertDoesNotThrow(() -> reserve.refuseIfShort(() -> available.set(100)));
    }

    @Test
    void where_it_is_not_enough_the_request_is_refused_until_there_is_more() {
        available.set(99);

        OverloadedException fault =
                assertThrows(OverloadedException.class, () -> reserve.refuseIfShort(() -> {}));

        assertEquals(OverloadedException.Kind.MEMORY, fault.kind());
        assertTrue(fault.retryAfter().isPositive());
        available.set(100);
        assertDoesNotThrow(() ->
                reserve.refuseIfShort(() -> {
                    throw new AssertionError("nothing needs to be given back");
                }));
    }

    @Test
    void without_a_reserve_nothing_is_measured() {
        MemoryReserve none =
                new MemoryReserve(
                        0,
                        () -> {
                            throw new AssertionError("measured");
                        });

        assertFalse(none.isShort());
    }

    @Test
    void the_default_leaves_a_small_container_room_to_work() {
        long bytes = MemoryReserve.defaultBytes();

        assertTrue(bytes >= 16 << 20 && bytes <= 512 << 20, bytes + " bytes");
    }
}
