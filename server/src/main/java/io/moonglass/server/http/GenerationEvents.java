package io.moonglass.server.http;

import io.helidon.webserver.CloseConnectionException;
import io.moonglass.runtime.GenerationEvent;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/// The way of a request's events from the engine's thread, which never waits here, to the request's. A
/// reader that falls too far behind is given up.
final class GenerationEvents {

    /// Events that may wait for their reader.
    static final int MAX_WAITING = 8_192;

    /// Why no more events are taken.
    enum Stop {
        COMPLETE,
        CLIENT_GONE,
        CLIENT_TOO_SLOW,
        CANCELLED,
        DEADLINE,
        SHUTTING_DOWN;

        /// What the client is told, where there still is one.
        RuntimeException fault() {
            return switch (this) {
                case COMPLETE -> new IllegalStateException("a complete answer has no fault");
                case CLIENT_GONE -> new CloseConnectionException("the client left");
                case CLIENT_TOO_SLOW -> new CloseConnectionException("the client reads too slowly");
                case CANCELLED -> HttpFault.requestCancelled();
                case DEADLINE -> HttpFault.deadlineExceeded();
                case SHUTTING_DOWN -> HttpFault.shuttingDown();
            };
        }
    }

    /// What the reader finds next.
    sealed interface Step {
        /// @param answer which of the request's answers it is of, from 0
        record Event(int answer, GenerationEvent event) implements Step {}

        record Stopped(Stop reason) implements Step {}

        /// The prompts are with the engine; some of the answers' events may have come before.
        record Prepared() implements Step {}

        /// Something has changed that is no event.
        record Noted() implements Step {}

        /// The call cannot be served.
        record Refused(Throwable fault) implements Step {}

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

    /// The taker of one answer, to be called on the engine's thread.
    Consumer<GenerationEvent> taker(int answer) {
        return event -> accept(new Step.Event(answer, event));
    }

    private void accept(Step.Event event) {
        if (stop.get() != null) {
            return;
        }
        if (waiting.size() >= MAX_WAITING) {
            stop(Stop.CLIENT_TOO_SLOW);
            abandonReader.run();
            return;
        }
        waiting.add(event);
    }

    /// What became of the call's preparation. Of no interest once it is stopped.
    void tell(Step step) {
        if (stop.get() == null) {
            waiting.add(step);
        }
    }

    /// Takes no more events; only the first reason counts. May be called from any thread.
    ///
    /// @return whether this is the first
    boolean stop(Stop reason) {
        if (!stop.compareAndSet(null, reason)) {
            return false;
        }
        waiting.clear();
        waiting.add(new Step.Stopped(reason));
        return true;
    }

    boolean isStopped() {
        return stop.get() != null;
    }

    /// Why no more are taken; empty while some are.
    Optional<Stop> stopped() {
        return Optional.ofNullable(stop.get());
    }

    /// Waits for the next step; [Step.Silence] if none comes within `patience`.
    Step next(Duration patience) throws InterruptedException {
        Step step = waiting.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
        return step == null ? new Step.Silence() : step;
    }
}
