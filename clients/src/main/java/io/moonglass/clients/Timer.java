package io.moonglass.clients;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Does things later, on one thread for all clients; they must be short, and run nothing of a caller's.
final class Timer {

    private static final ScheduledThreadPoolExecutor THREAD = thread();

    private Timer() {}

    static Future<?> after(Duration delay, Runnable task) {
        return THREAD.schedule(task, nanos(delay), TimeUnit.NANOSECONDS);
    }

    /// A duration of centuries, which some mean as none, is as long as there are nanoseconds.
    private static long nanos(Duration delay) {
        return delay.compareTo(Duration.ofDays(36_500)) > 0
                ? Duration.ofDays(36_500).toNanos()
                : delay.toNanos();
    }

    private static ScheduledThreadPoolExecutor thread() {
        ScheduledThreadPoolExecutor executor =
                new ScheduledThreadPoolExecutor(
                        1,
                        task -> {
                            Thread thread = new Thread(task, "moonglass-client-timer");
                            thread.setDaemon(true);
                            return thread;
                        });
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }
}
