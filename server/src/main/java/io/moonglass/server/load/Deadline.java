package io.moonglass.server.load;

import java.time.Duration;
import java.util.Optional;

/// When clients stop asking. Running answers may still end.
final class Deadline {

    private final boolean isNever;
    private final long endNanos;

    /// @param duration from now on; empty for never
    Deadline(Optional<Duration> duration) {
        this.isNever = duration.isEmpty();
        this.endNanos = System.nanoTime() + duration.orElse(Duration.ZERO).toNanos();
    }

    /// Waits, at most until the deadline.
    ///
    /// @return whether there is time left
    boolean pause(Duration pause) throws InterruptedException {
        long leftNanos = isNever ? Long.MAX_VALUE : endNanos - System.nanoTime();
        if (leftNanos <= 0) {
            return false;
        }
        Thread.sleep(Duration.ofNanos(Math.min(leftNanos, pause.toNanos())));
        return pause.toNanos() < leftNanos;
    }
}
