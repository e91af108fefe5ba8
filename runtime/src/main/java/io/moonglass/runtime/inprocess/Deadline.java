package io.moonglass.runtime.inprocess;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;

/// When a request is given up.
///
/// @param nanos as [System#nanoTime()] counts; empty for never
record Deadline(Optional<Long> nanos) {

    static Deadline in(Optional<Duration> time) {
        return new Deadline(time.map(given -> System.nanoTime() + nanosOf(given)));
    }

    /// Half of what a counter of nanoseconds holds, over a century, is as good as never.
    private static long nanosOf(Duration time) {
        Duration most = Duration.ofNanos(Long.MAX_VALUE / 2);
        return time.compareTo(most) < 0 ? time.toNanos() : most.toNanos();
    }

    boolean hasPassed() {
        return remainingNanos() <= 0;
    }

    /// A day where there is no deadline.
    long remainingNanos() {
        return nanos.map(at -> at - System.nanoTime()).orElse(Duration.ofDays(1).toNanos());
    }

    /// Whether it has passed, or nobody waits for the answer.
    BooleanSupplier orDone(Future<?> answer) {
        return () -> answer.isDone() || hasPassed();
    }
}
