package io.moonglass.engine;

import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/// Counts what an engine does. Written by its thread, read by any.
final class EngineCounters {

    final LongAdder steps = new LongAdder();
    final LongAdder failedSteps = new LongAdder();
    final LongAdder promptTokens = new LongAdder();
    final LongAdder cachedPromptTokens = new LongAdder();
    final LongAdder generatedTokens = new LongAdder();
    final LongAdder preemptions = new LongAdder();
    final LongAdder cancelledWaiting = new LongAdder();
    final LongAdder cancelledPrefilling = new LongAdder();
    final LongAdder cancelledDecoding = new LongAdder();
    final LongAdder draftedTokens = new LongAdder();
    final LongAdder acceptedTokens = new LongAdder();
    final DurationHistogram stepTimes = new DurationHistogram();
    final DurationHistogram tokenGaps = new DurationHistogram();
    private volatile boolean idle = true;
    private volatile long lastProgress;
    private volatile Standing standing = new Standing(0, 0, 0, 0, 0, 0);

    /// How the engine stands between two steps.
    record Standing(
            int numRunning,
            int numWaiting,
            long numUncomputed,
            int blocksInUse,
            int blocksKept,
            long cacheBytes) {}

    Standing standing() {
        return standing;
    }

    void stands(Standing value) {
        standing = value;
    }

    /// Nothing is queued.
    void idle() {
        idle = true;
    }

    /// Work came to an idle engine.
    void busy() {
        if (idle) {
            progressed();
        }
    }

    /// A step ended.
    void progressed() {
        lastProgress = System.nanoTime();
        idle = false;
    }

    /// A sequence was given up, wherever it was.
    void cancelled(boolean isRunning, boolean isPrefilling) {
        LongAdder stage = cancelledWaiting;
        if (isRunning) {
            stage = isPrefilling ? cancelledPrefilling : cancelledDecoding;
        }
        stage.increment();
    }

    Duration sinceProgress() {
        long last = lastProgress;
        return idle ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - last);
    }
}
