package io.moonglass.clients;

import java.time.Duration;
import java.util.Optional;

/// A request that did not succeed: refused or failed by the server, or not answered at all.
public final class MoonglassException extends RuntimeException {

    private final int status;
    private final String code;
    private final String type;
    private final String param;
    private final Duration retryAfter;

    MoonglassException(int status, ErrorBody.Detail error, Duration retryAfter) {
        super(error.message());
        this.status = status;
        this.code = error.code();
        this.type = error.type();
        this.param = error.param();
        this.retryAfter = retryAfter;
    }

    MoonglassException(String message, Throwable cause) {
        super(message, cause);
        this.status = 0;
        this.code = null;
        this.type = null;
        this.param = null;
        this.retryAfter = null;
    }

    /// The HTTP status; 0 if there was no answer, 200 for a fault in the middle of a stream.
    public int status() {
        return status;
    }

    /// What went wrong, for programs; may be null.
    public String code() {
        return code;
    }

    /// The kind of error, such as `invalid_request_error`; may be null.
    public String type() {
        return type;
    }

    /// The field at fault; may be null.
    public String param() {
        return param;
    }

    /// How long the server asks to wait before the next try; empty if it does not say, or not in seconds.
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }
}
