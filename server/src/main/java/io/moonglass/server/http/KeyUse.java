package io.moonglass.server.http;

import java.time.Duration;
import java.util.function.LongSupplier;

/// What is used of one API key's limits. Requests and tokens come back evenly over a minute, and no more of them
/// than a minute's are saved up. What a request costs in tokens is known when it has been answered, so a key is
/// refused while it owes some. Safe to use from any thread.
final class KeyUse {

    /// Of a caller without a key.
    static final KeyUse UNLIMITED = new KeyUse(KeyLimits.NONE, System::nanoTime);

    private static final double NANOS_PER_MINUTE = 60e9;

    /// When a place that another request holds may be free is not known.
    private static final Duration SOON = Duration.ofSeconds(1);

    private final LongSupplier nanoTime;
    private KeyLimits limits;
    private double requestsLeft;
    private double tokensLeft;
    private long lastNanos;
    private int running;

    /// @param nanoTime tells the time, as [System#nanoTime()] does
    KeyUse(KeyLimits limits, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.limits = limits;
        this.requestsLeft = limits.requestsPerMinute().orElse(0);
        this.tokensLeft = limits.tokensPerMinute().orElse(0);
        this.lastNanos = nanoTime.getAsLong();
    }

    /// Other limits from now on. What was used stays used; a limit that was not there begins unused.
    synchronized void limit(KeyLimits changed) {
        refill();
        if (limits.requestsPerMinute().isEmpty()) {
            requestsLeft = changed.requestsPerMinute().orElse(0);
        }
        if (limits.tokensPerMinute().isEmpty()) {
            tokensLeft = changed.tokensPerMinute().orElse(0);
        }
        limits = changed;
    }

    /// Takes a place for a request, which holds it until it is closed.
    ///
    /// @throws HttpFault 429 with the time to wait if a limit is reached
    synchronized Place enter() {
        refill();
        limits.maxRunning()
                .ifPresent(most -> {
                    if (running >= most) {
                        throw HttpFault.keyLimit(
                                "key_running_limit",
                                "your key may have %,d requests answered at once".formatted(most),
                                SOON);
                    }
                });
        limits.tokensPerMinute()
                .ifPresent(perMinute -> {
                    if (tokensLeft <= 0) {
                        throw HttpFault.keyLimit(
                                "key_token_limit",
                                "your key may use %,d tokens a minute".formatted(perMinute),
                                timeFor(1 - tokensLeft, perMinute));
                    }
                });
        limits.requestsPerMinute()
                .ifPresent(perMinute -> {
                    if (requestsLeft < 1) {
                        throw HttpFault.keyLimit(
                                "key_request_limit",
                                "your key may send %,d requests a minute".formatted(perMinute),
                                timeFor(1 - requestsLeft, perMinute));
                    }
                    requestsLeft--;
                });
        running++;
        return new Place();
    }

    private static Duration timeFor(double missing, int perMinute) {
        return Duration.ofNanos((long) Math.ceil(missing / perMinute * NANOS_PER_MINUTE));
    }

    /// Tokens were computed for the key.
    synchronized void spend(long tokens) {
        if (limits.tokensPerMinute().isPresent()) {
            refill();
            tokensLeft -= tokens;
        }
    }

    private void refill() {
        long now = nanoTime.getAsLong();
        double minutes = (now - lastNanos) / NANOS_PER_MINUTE;
        lastNanos = now;
        requestsLeft = refilled(requestsLeft, limits.requestsPerMinute().orElse(0), minutes);
        tokensLeft = refilled(tokensLeft, limits.tokensPerMinute().orElse(0), minutes);
    }

    private static double refilled(double left, int perMinute, double minutes) {
        return Math.min(perMinute, left + perMinute * minutes);
    }

    /// One request's place among those of its key.
    final class Place implements AutoCloseable {

        private boolean given;

        @Override
        public void close() {
            synchronized (KeyUse.this) {
                if (!given) {
                    given = true;
                    running--;
                }
            }
        }
    }
}
