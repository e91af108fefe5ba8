package io.moonglass.runtime;

import java.time.Duration;

/// So much is queued that a request is better refused than kept waiting.
public final class OverloadedException extends RuntimeException {

    private final Duration retryAfter;

    /// @param message    what is queued, and what the limit is
    /// @param retryAfter when there will probably be room, from the measured rate
    public OverloadedException(String message, Duration retryAfter) {
        super(message);
        this.retryAfter = retryAfter;
    }

    public Duration retryAfter() {
        return retryAfter;
    }
}
