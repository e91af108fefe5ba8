package io.moonglass.runtime.fetch;

import io.moonglass.runtime.OverloadedException;
import java.time.Duration;

/// How far a fetch is, told by the thread that fetches, and whether that is too slow, asked by the
/// thread that waits for it.
final class FetchProgress {

    private static final Duration SOON = Duration.ofSeconds(2);

    private final FetchPace pace;
    private final FetchFaults faults;
    private final long began = System.nanoTime();
    private volatile Step step = new Step(FetchStage.WAITING, began);
    private volatile long numBytes;

    // The waiting thread's alone.
    private Step watched = step;
    private long windowBegan;
    private long windowNumBytes;

    /// A stage and when it was entered, of `System.nanoTime`.
    private record Step(FetchStage stage, long entered) {}

    FetchProgress(FetchPace pace, FetchFaults faults) {
        this.pace = pace;
        this.faults = faults;
    }

    void enter(FetchStage stage) {
        step = new Step(stage, System.nanoTime());
    }

    FetchStage stage() {
        return step.stage();
    }

    int connectMillis() {
        return (int) Math.max(1, pace.connectTimeout().toMillis());
    }

    /// @param total the body's bytes until now
    void received(long total) {
        numBytes = total;
    }

    long numBytes() {
        return numBytes;
    }

    long elapsedNanos() {
        return System.nanoTime() - began;
    }

    /// @throws io.moonglass.loader.fault.InvalidRequestException if the server is too slow
    /// @throws OverloadedException if there was no place for the fetch in all of its time
    void check() {
        Step current = step;
        boolean late = elapsedNanos() >= pace.timeout().toNanos();
        if (late && current.stage() == FetchStage.WAITING) {
            throw new OverloadedException(
                    "other media are being fetched, and no connection was free within %s; ask again soon"
                            .formatted(seconds(pace.timeout())),
                    SOON);
        }
        if (late) {
            throw faults.unavailable("it took longer than %s", seconds(pace.timeout()));
        }
        switch (current.stage()) {
            case WAITING, LOOKING_UP -> {}
            case CONNECTING, SECURING -> checkAnswered(current, pace.connectTimeout());
            case ASKING -> checkAnswered(current, pace.responseTimeout());
            case READING -> checkRate(current);
        }
    }

    private void checkAnswered(Step current, Duration limit) {
        if (System.nanoTime() - current.entered() >= limit.toNanos()) {
            throw faults.unavailable("its server did not answer within %s", seconds(limit));
        }
    }

    private void checkRate(Step current) {
        if (watched != current) {
            watched = current;
            windowBegan = current.entered();
            windowNumBytes = 0;
        }
        long now = System.nanoTime();
        double windowSeconds = (now - windowBegan) / 1e9;
        if (now - windowBegan < pace.rateWindow().toNanos()) {
            return;
        }
        if (numBytes - windowNumBytes < pace.minBytesPerSecond() * windowSeconds) {
            throw faults.unavailable(
                    "it comes too slowly, with less than %,d bytes per second",
                    pace.minBytesPerSecond());
        }
        windowBegan = now;
        windowNumBytes = numBytes;
    }

    private static String seconds(Duration time) {
        return "%s s".formatted(time.toMillis() / 1000.0).replace(".0 s", " s");
    }
}
