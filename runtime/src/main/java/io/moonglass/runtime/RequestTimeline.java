package io.moonglass.runtime;

import io.moonglass.engine.FinishReason;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// When each stage of one request began and ended, and what it cost: what metrics and traces are made of. While nothing
/// is done for the request it is in [Stage#ADMISSION], or in [Stage#QUEUE] once it was admitted; so its stages leave no
/// gap. Safe to use from any thread.
public final class RequestTimeline {

    private final Instant begin = Instant.now();
    private final long beginNanos = System.nanoTime();
    private final Consumer<RequestTimeline> onFirstToken;
    private final Map<Stage, Times> stages = new EnumMap<>(Stage.class);
    private final Map<FinishReason, Integer> answers = new EnumMap<>(FinishReason.class);

    /// What it is in while nothing is done for it; empty once nothing more will be.
    private Optional<Stage> idle = Optional.of(Stage.ADMISSION);

    private int numOpen;
    private String model = "";
    private int promptTokens;
    private int cachedTokens;
    private int generatedTokens;
    private long firstTokenNanos;
    private long endNanos;
    private boolean ended;

    /// A stage as it went: several pieces of work of one stage, such as its pictures, are one period.
    ///
    /// @param begin  of the first piece of work
    /// @param length to the end of the last one
    /// @param active the part of it in which at least one was under way
    /// @param work   of all of them together; more than `active` where several went on at once
    public record Period(
            Stage stage, Instant begin, Duration length, Duration active, Duration work) {}

    /// Times of one stage, in nanoseconds of this timeline. Guarded by it.
    private static final class Times {
        private final long begin;
        private long end;
        private long activeSince;
        private long active;
        private long work;
        private int numOpen;

        Times(long begin) {
            this.begin = begin;
        }
    }

    /// A piece of work that is under way.
    public final class Work implements AutoCloseable {

        private final Stage stage;
        private final long began;
        private boolean open = true;

        private Work(Stage stage, long began) {
            this.stage = stage;
            this.began = began;
        }

        /// It is done, or given up; does nothing the second time.
        @Override
        public void close() {
            synchronized (RequestTimeline.this) {
                if (open && !ended) {
                    long now = now();
                    leave(stage, now, now - began);
                    if (--numOpen == 0) {
                        idle.ifPresent(waiting -> enter(waiting, now));
                    }
                }
                open = false;
            }
        }
    }

    /// Begins now, with [Stage#ADMISSION].
    public RequestTimeline() {
        this(_ -> {});
    }

    /// @param onFirstToken told when the first token of any answer was chosen, on the engine's thread, which it must not
    ///                     block
    public RequestTimeline(Consumer<RequestTimeline> onFirstToken) {
        this.onFirstToken = onFirstToken;
        enter(Stage.ADMISSION, 0);
    }

    /// A piece of work begins. To be closed when it is done; what is left open ends with the request.
    public synchronized Work begin(Stage stage) {
        long now = now();
        if (!ended) {
            if (numOpen++ == 0) {
                idle.ifPresent(
                        waiting -> leave(waiting, now, now - stages.get(waiting).activeSince));
            }
            enter(stage, now);
        }
        return new Work(stage, now);
    }

    /// The request is taken in: from now on it waits in [Stage#QUEUE].
    public synchronized void admitted() {
        idleIn(Optional.of(Stage.QUEUE));
    }

    /// Nothing more will be done for the request but to send what there is.
    public synchronized void answered() {
        idleIn(Optional.empty());
    }

    private void idleIn(Optional<Stage> next) {
        if (ended || idle.equals(next)) {
            return;
        }
        long now = now();
        if (numOpen == 0) {
            idle.ifPresent(before -> leave(before, now, now - stages.get(before).activeSince));
            next.ifPresent(after -> enter(after, now));
        }
        idle = next;
    }

    /// The request has ended: nothing is added any more, and what is open ends now.
    public synchronized void end() {
        if (ended) {
            return;
        }
        endNanos = now();
        ended = true;
        for (Times times : stages.values()) {
            if (times.numOpen > 0) {
                times.numOpen = 0;
                close(times, endNanos);
            }
        }
    }

    private void enter(Stage stage, long now) {
        Times times = stages.computeIfAbsent(stage, _ -> new Times(now));
        if (times.numOpen++ == 0) {
            times.activeSince = now;
        }
    }

    private void leave(Stage stage, long now, long work) {
        Times times = stages.get(stage);
        times.work += work;
        if (--times.numOpen == 0) {
            close(times, now);
        }
    }

    private static void close(Times times, long now) {
        times.active += now - times.activeSince;
        times.end = now;
    }

    private long now() {
        return System.nanoTime() - beginNanos;
    }

    /// The model that it is for, once that is known.
    public synchronized void servedBy(String name) {
        model = name;
    }

    /// A prompt was measured; a request may have several.
    public synchronized void promptMeasured(int numTokens) {
        promptTokens += numTokens;
    }

    /// A prompt was computed.
    ///
    /// @param numCached its tokens that were in the cache
    public synchronized void promptComputed(int numCached) {
        cachedTokens += numCached;
    }

    /// A token of an answer was chosen.
    public void generated() {
        boolean isFirst;
        synchronized (this) {
            isFirst = generatedTokens++ == 0;
            if (isFirst) {
                firstTokenNanos = now();
            }
        }
        if (isFirst) {
            onFirstToken.accept(this);
        }
    }

    /// One of its answers has ended.
    public synchronized void finished(FinishReason reason) {
        answers.merge(reason, 1, Integer::sum);
    }

    /// When its first byte was read.
    public Instant begin() {
        return begin;
    }

    /// From its beginning to its end, or to now.
    public synchronized Duration length() {
        return Duration.ofNanos(ended ? endNanos : now());
    }

    /// The stages that it has been in, in the order in which they began.
    public synchronized List<Period> periods() {
        long now = now();
        return stages.entrySet().stream()
                .sorted((one, other) -> Long.compare(one.getValue().begin, other.getValue().begin))
                .map(entry -> period(entry.getKey(), entry.getValue(), now))
                .toList();
    }

    private Period period(Stage stage, Times times, long now) {
        boolean isOpen = times.numOpen > 0;
        long active = times.active + (isOpen ? now - times.activeSince : 0);
        return new Period(
                stage,
                begin.plusNanos(times.begin),
                Duration.ofNanos((isOpen ? now : times.end) - times.begin),
                Duration.ofNanos(active),
                Duration.ofNanos(Math.max(active, times.work)));
    }

    /// The furthest stage that it is in; empty where only its answer is to be sent, or it has ended.
    public synchronized Optional<Stage> stage() {
        return stages.entrySet().stream()
                .filter(entry -> entry.getValue().numOpen > 0)
                .map(Map.Entry::getKey)
                .max(Stage::compareTo);
    }

    /// Whether its first answer is not being computed yet.
    public synchronized boolean isWaiting() {
        return !ended
                && idle.isPresent()
                && !stages.containsKey(Stage.PROMPT)
                && !stages.containsKey(Stage.DECODING);
    }

    /// The name of the model that it is for; empty while that is not known.
    public synchronized Optional<String> model() {
        return model.isEmpty() ? Optional.empty() : Optional.of(model);
    }

    /// Tokens of all its prompts, pictures included.
    public synchronized int promptTokens() {
        return promptTokens;
    }

    /// Of these, the ones that were in the cache.
    public synchronized int cachedTokens() {
        return cachedTokens;
    }

    /// Tokens of all its answers.
    public synchronized int generatedTokens() {
        return generatedTokens;
    }

    /// From its beginning to its first token; empty as long as there is none.
    public synchronized Optional<Duration> timeToFirstToken() {
        return generatedTokens == 0
                ? Optional.empty()
                : Optional.of(Duration.ofNanos(firstTokenNanos));
    }

    /// How its answers ended, and how many of them so.
    public synchronized Map<FinishReason, Integer> answers() {
        return Map.copyOf(answers);
    }
}
