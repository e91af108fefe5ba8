package io.moonglass.server.observe;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class MemoryFaultsTest {

    private long nanos = Long.MAX_VALUE - 1; // it may be any number
    private double heap = 0.99;
    private final MemoryFaults faults = new MemoryFaults(() -> nanos, () -> heap);

    @Test
    void several_within_a_minute_and_a_heap_that_stays_full_mean_that_it_will_not_recover() {
        fail(2);
        assertFalse(faults.isExhausted());

        fail(1);

        assertTrue(faults.isExhausted());
    }

    @Test
    void a_heap_that_is_free_again_is_no_reason_to_be_started_anew_however_often_requests_fail() {
        heap = 0.5;

        fail(1_000);

        assertFalse(faults.isExhausted());
    }

    @Test
    void what_was_long_ago_does_not_count() {
        fail(2);
        nanos += Duration.ofSeconds(61).toNanos();
        fail(2);
        assertFalse(faults.isExhausted());

        fail(1);
        assertTrue(faults.isExhausted());
        nanos += Duration.ofSeconds(61).toNanos();
        assertFalse(faults.isExhausted());
    }

    private void fail(int times) {
        for (int i = 0; i < times; i++) {
            faults.failed("id", new OutOfMemoryError("of a test"));
        }
    }
}
