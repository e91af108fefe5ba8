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
    private volatile boolean idle = true;
    private volatile long lastProgress;

    /// Nothing is queued.
    void idle() {
        idle = true;
    }

    /// A step ended, or work came to an idle engine.
    void progressed() {
        lastProgress = System.nanoTime();
        idle = false;
    }

    Duration sinceProgress() {
        long last = lastProgress;
        return idle ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - last);
    }
}
