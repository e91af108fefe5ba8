package io.moonglass.clients;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/// When a request that did not succeed is sent again: where the server was too busy or not there, and
/// where the connection broke before anything of an answer came. A stream that has begun is never begun anew.
///
/// Waits double from one to the next, and are up to half shorter by chance, so that many clients do not come back at
/// the same moment. Where the server says how long to wait (`Retry-After`), it is at least as long.
///
/// @param maxRetries   tries after the first one; 0 for none
/// @param firstDelay   the wait before the first retry, where the server does not ask for a longer one
/// @param maxDelay     what waits grow to
/// @param maxTotalTime from the first try on; a retry that would begin later is not made
public record RetryPolicy(
        int maxRetries, Duration firstDelay, Duration maxDelay, Duration maxTotalTime) {

    /// Three retries within two minutes.
    public static final RetryPolicy DEFAULT =
            new RetryPolicy(
                    3, Duration.ofMillis(500), Duration.ofSeconds(10), Duration.ofMinutes(2));

    /// Every fault goes to the caller at once.
    public static final RetryPolicy NONE =
            new RetryPolicy(0, Duration.ZERO, Duration.ZERO, Duration.ZERO);

    private static final int MAX_DOUBLINGS = 30;

    public RetryPolicy {
        Objects.requireNonNull(firstDelay, "firstDelay");
        Objects.requireNonNull(maxDelay, "maxDelay");
        Objects.requireNonNull(maxTotalTime, "maxTotalTime");
        if (maxRetries < 0
                || firstDelay.isNegative()
                || maxDelay.isNegative()
                || maxTotalTime.isNegative()) {
            throw new IllegalArgumentException(
                    "%d retries, delays of %s to %s, %s in all; want none below 0"
                            .formatted(maxRetries, firstDelay, maxDelay, maxTotalTime));
        }
    }

    /// @param retry      from 1
    /// @param retryAfter what the server asked for; null for nothing
    /// @param elapsed    since the first try began
    /// @return how long to wait; empty to give up
    Optional<Duration> delayBefore(int retry, Duration retryAfter, Duration elapsed) {
        if (retry > maxRetries) {
            return Optional.empty();
        }
        Duration doubled = firstDelay.multipliedBy(1L << Math.min(retry - 1, MAX_DOUBLINGS));
        Duration wait = jittered(doubled.compareTo(maxDelay) > 0 ? maxDelay : doubled);
        if (retryAfter != null && retryAfter.compareTo(wait) > 0) {
            wait = retryAfter.plus(jittered(firstDelay));
        }
        return elapsed.plus(wait).compareTo(maxTotalTime) > 0
                ? Optional.empty()
                : Optional.of(wait);
    }

    private static Duration jittered(Duration delay) {
        long nanos = delay.toNanos();
        return Duration.ofNanos(nanos - ThreadLocalRandom.current().nextLong(nanos / 2 + 1));
    }
}
