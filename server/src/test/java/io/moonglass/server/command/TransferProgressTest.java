package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TransferProgressTest {

    @Test
    void a_rate_is_told_when_it_has_settled_and_says_how_long_the_rest_takes() {
        Duration time = Duration.ofSeconds(10);

        assertEquals(
                "3.0 of 9.0 GB, 100.0 MB/s, 1:00 left",
                new TransferProgress(3_000_000_000L, 9_000_000_000L, 1_000_000_000L, time)
                        .toString());
        assertEquals(
                "3.0 of 9.0 MB", new TransferProgress(3_000_000, 9_000_000, 0, time).toString());
        assertEquals(
                "3.0 of 9.0 MB",
                new TransferProgress(3_000_000, 9_000_000, 9, Duration.ofMillis(9)).toString());
        assertEquals(
                "3.0 of 9.0 MB, 0.0 MB/s",
                new TransferProgress(3_000_000, 9_000_000, 1, time).toString());
    }
}
