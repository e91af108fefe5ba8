package io.moonglass.clients;

import java.time.Duration;
import java.util.Optional;

/// The tries of one request.
final class Attempts {

    private static final String DUPLICATE_ID = "duplicate_request_id";

    private final RetryPolicy policy;
    private final boolean isRepeatable;
    private final long startNanos = System.nanoTime();
    private int numRetries;

    /// @param isRepeatable whether it does no harm if the server does the same twice
    Attempts(RetryPolicy policy, boolean isRepeatable) {
        this.policy = policy;
        this.isRepeatable = isRepeatable;
    }

    /// Counts one more retry, if there is to be one.
    ///
    /// @return how long to wait before it
    Optional<Duration> next(MoonglassException fault) {
        if (!mayHelp(fault)) {
            return Optional.empty();
        }
        Duration elapsed = Duration.ofNanos(System.nanoTime() - startNanos);
        Optional<Duration> wait =
                policy.delayBefore(numRetries + 1, fault.retryAfter().orElse(null), elapsed);
        wait.ifPresent(any -> numRetries++);
        return wait;
    }

    private boolean mayHelp(MoonglassException fault) {
        // all tries have one id: the server has not yet seen that the connection of the last one is
        // gone
        if (numRetries > 0 && DUPLICATE_ID.equals(fault.code())) {
            return true;
        }
        return fault.advice() == Fault.Advice.ALWAYS
                || fault.advice() == Fault.Advice.IF_REPEATABLE && isRepeatable;
    }
}
