package io.moonglass.server.http;

import io.moonglass.runtime.GenerationEvent;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/// The way of one generation's events from the engine's thread, which never waits here, to the
/// request's. A reader that falls too far behind is given up.
final class GenerationEvents implements Consumer<GenerationEvent> {

    /// Events that may wait for their reader.
    static final int MAX_WAITING = 8_192;

    /// Why a generation is given up before its end.
    enum Stop {
        CLIENT_GONE,
        CLIENT_TOO_SLOW,
        SHUTTING_DOWN
    }

    /// What the reader finds next.
    sealed interface Step {
        record Event(GenerationEvent event) implements Step {}

        record Stopped(Stop reason) implements Step {}

        /// Nothing came in time.
        record Silence() implements Step {}
    }

    private final LinkedBlockingQueue<Step> waiting = new LinkedBlockingQueue<>();
    private final AtomicReference<Stop> stop = new AtomicReference<>();
    private final Runnable abandonReader;

    /// @param abandonReader ends a reader that may be blocked while it writes; must not block itself
    GenerationEvents(Runnable abandonReader) {
        this.abandonReader = abandonReader;
    }

    /// Called on the engine's thread.
    @Override
    public void accept(GenerationEvent event) {
        if (stop.get() != null) {
            return;
        }
        if (waiting.size() >= MAX_WAITING) {
            stop(Stop.CLIENT_TOO_SLOW);
            abandonReader.run();
            return;
        }
        waiting.add(new Step.Event(event));
    }

    /// Gives the generation up; only the first reason counts. May be called from any thread.
    void stop(Stop reason) {
        if (stop.compareAndSet(null, reason)) {
            waiting.clear();
            waiting.add(new Step.Stopped(reason));
        }
    }

    boolean isStopped() {
        return stop.get() != null;
    }

    /// Why it was given up; empty if it was not.
    Optional<Stop> stopped() {
        return Optional.ofNullable(stop.get());
    }

    /// Waits for the next step; [Step.Silence] if none comes within `patience`.
    Step next(Duration patience) throws InterruptedException {
        Step step = waiting.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
        return step == null ? new Step.Silence() : step;
    }
}
