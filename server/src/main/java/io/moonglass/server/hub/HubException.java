package io.moonglass.server.hub;

import java.time.Duration;
import java.util.Optional;

/// A hub that does not answer, or answers with what it must not. The message holds nothing of what it wrote.
public final class HubException extends RuntimeException {

    private final boolean mayPass;
    private final Optional<Duration> retryAfter;

    private HubException(
            String message, boolean mayPass, Optional<Duration> retryAfter, Throwable cause) {
        super(message, cause);
        this.mayPass = mayPass;
        this.retryAfter = retryAfter;
    }

    /// One that comes again with the next try.
    static HubException lasting(String message) {
        return lasting(message, null);
    }

    /// @param cause may be null
    static HubException lasting(String message, Throwable cause) {
        return new HubException(message, false, Optional.empty(), cause);
    }

    /// One that the next try may not meet.
    ///
    /// @param cause may be null
    static HubException passing(String message, Throwable cause) {
        return new HubException(message, true, Optional.empty(), cause);
    }

    /// The same with the time that the hub asks to wait.
    static HubException passing(String message, Optional<Duration> retryAfter) {
        return new HubException(message, true, retryAfter, null);
    }

    boolean mayPass() {
        return mayPass;
    }

    Optional<Duration> retryAfter() {
        return retryAfter;
    }
}
