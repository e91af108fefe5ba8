package io.moonglass.runtime.admission;

import io.moonglass.runtime.OverloadedException;
import java.time.Duration;
import java.util.function.DoubleSupplier;

/// Counts the work that waits, in prompt tokens and in pixels, and refuses what would make it too
/// much. Where nothing waits, one request is taken however large it is. Safe to use from any thread.
public final class AdmissionQueue {

    /// What two cores do with the full-size model, for as long as nothing is measured.
    private static final double ASSUMED_TOKENS_PER_SECOND = 100;

    private static final double ASSUMED_PIXELS_PER_SECOND = 100_000;
    private static final Duration SHORTEST_WAIT = Duration.ofSeconds(1);
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(10);

    private final long maxTokens;
    private final long maxPixels;
    private final DoubleSupplier tokensPerSecond;
    private final DoubleSupplier pixelsPerSecond;
    private long queuedTokens;
    private long queuedPixels;

    /// @param contextLength   the model's, which the limit on tokens may go by
    /// @param tokensPerSecond the rate at which prompts are computed, 0 while it is not measured
    /// @param pixelsPerSecond the same for pictures
    public AdmissionQueue(
            QueueLimits limits,
            int contextLength,
            DoubleSupplier tokensPerSecond,
            DoubleSupplier pixelsPerSecond) {
        this.maxTokens = limits.maxTokens(contextLength);
        this.maxPixels = limits.maxPixels();
        this.tokensPerSecond = tokensPerSecond;
        this.pixelsPerSecond = pixelsPerSecond;
    }

    /// Takes a request's work into account.
    ///
    /// @param tokens of its prompt, once for all of its answers
    /// @param pixels of its pictures, as fitted
    /// @throws OverloadedException that says what waits and when there will probably be room
    public synchronized Share admit(long tokens, long pixels) {
        long tokensTooMany = excess(queuedTokens, tokens, maxTokens);
        long pixelsTooMany = excess(queuedPixels, pixels, maxPixels);
        if (tokensTooMany > 0 || pixelsTooMany > 0) {
            Duration forTokens =
                    time(tokensTooMany, tokensPerSecond.getAsDouble(), ASSUMED_TOKENS_PER_SECOND);
            Duration forPixels =
                    time(pixelsTooMany, pixelsPerSecond.getAsDouble(), ASSUMED_PIXELS_PER_SECOND);
            boolean tokensTakeLonger = forTokens.compareTo(forPixels) > 0;
            throw new OverloadedException(
                    tokensTakeLonger
                            ? "prompts of %,d tokens wait and this one has %,d, the limit is %,d; ask again later, or with a shorter prompt"
                                    .formatted(queuedTokens, tokens, maxTokens)
                            : "pictures of %,d pixels wait and this request's have %,d, the limit is %,d; ask again later, or with smaller pictures"
                                    .formatted(queuedPixels, pixels, maxPixels),
                    bounded(tokensTakeLonger ? forTokens : forPixels));
        }
        queuedTokens += tokens;
        queuedPixels += pixels;
        return new Share(tokens, pixels);
    }

    public synchronized QueueStatistics statistics() {
        return new QueueStatistics(queuedTokens, queuedPixels, maxTokens, maxPixels);
    }

    /// How much must be done before `more` can join what waits: a part of it if there will be room
    /// beside the rest, all of it if `more` is larger than the limit itself.
    private static long excess(long queued, long more, long max) {
        return more == 0 ? 0 : Math.clamp(queued + more - max, 0, queued);
    }

    private static Duration time(long amount, double perSecond, double assumedPerSecond) {
        double rate = perSecond > 0 ? perSecond : assumedPerSecond;
        return Duration.ofSeconds((long) Math.ceil(amount / rate));
    }

    private static Duration bounded(Duration wait) {
        if (wait.compareTo(SHORTEST_WAIT) < 0) {
            return SHORTEST_WAIT;
        }
        return wait.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait;
    }

    /// What one request has in the queue. Each part leaves it once, however often and from whichever
    /// thread that is said.
    public final class Share implements AutoCloseable {

        private long tokens;
        private long pixels;

        private Share(long tokens, long pixels) {
            this.tokens = tokens;
            this.pixels = pixels;
        }

        /// The prompt waits no more.
        public void promptComputed() {
            synchronized (AdmissionQueue.this) {
                queuedTokens -= tokens;
                tokens = 0;
            }
        }

        /// The pictures wait no more.
        public void picturesEncoded() {
            synchronized (AdmissionQueue.this) {
                queuedPixels -= pixels;
                pixels = 0;
            }
        }

        /// The request has ended.
        @Override
        public void close() {
            promptComputed();
            picturesEncoded();
        }
    }
}
