package io.moonglass.clients;

import java.time.Duration;

/// Why a [ModelService] does not answer. Callers see a [MoonglassException] of the same kind as a server's.
public final class ServiceFault extends RuntimeException {

    private final int status;
    private final transient ErrorBody.Detail detail;
    private final Duration retryAfter;

    /// @param status     as HTTP would have it
    /// @param retryAfter after which it may be asked again; null where that would not help
    /// @param cause      null where the request is at fault
    public ServiceFault(int status, ErrorBody.Detail detail, Duration retryAfter, Throwable cause) {
        super(detail.message(), cause);
        this.status = status;
        this.detail = detail;
        this.retryAfter = retryAfter;
    }

    public ErrorBody.Detail detail() {
        return detail;
    }

    MoonglassException told() {
        return MoonglassException.of(
                new Fault(
                        status,
                        detail.message(),
                        detail.type(),
                        detail.param(),
                        detail.code(),
                        retryAfter,
                        Fault.Advice.NEVER,
                        getCause()));
    }
}
