package io.moonglass.runtime;

import java.time.Duration;

/// There is so much to do that a request is better refused than kept waiting.
public final class OverloadedException extends RuntimeException {

    public enum Kind {
        /// Too much is queued.
        QUEUE,
        /// Too little memory is left.
        MEMORY
    }

    private final Kind kind;
    private final Duration retryAfter;

    /// Of kind `QUEUE`.
    ///
    /// @param message    what is queued, and what the limit is
    /// @param retryAfter when there will probably be room, from the measured rate
    public OverloadedException(String message, Duration retryAfter) {
        this(Kind.QUEUE, message, retryAfter);
    }

    public OverloadedException(Kind kind, String message, Duration retryAfter) {
        super(message);
        this.kind = kind;
        this.retryAfter = retryAfter;
    }

    public Kind kind() {
        return kind;
    }

    public Duration retryAfter() {
        return retryAfter;
    }
}
