package io.moonglass.clients;

import java.time.Duration;
import java.util.Optional;

/// A request that did not succeed: refused or failed by the server, or not answered at all. Its kinds say what a
/// program can do about it.
public abstract sealed class MoonglassException extends RuntimeException
        permits BadRequestException,
                ConnectionLostException,
                DeadlineExceededException,
                NotFoundException,
                OverloadedException,
                RequestCancelledException,
                RequestTooLargeException,
                ServerErrorException,
                ToolRoundsExceededException,
                UnauthorizedException,
                UnavailableException,
                UnusableAnswerException {

    private final Fault fault;
    private String requestId;
    private String partialText = "";

    MoonglassException(Fault fault) {
        super(fault.message(), fault.cause());
        this.fault = fault;
    }

    /// The exception for what a server said.
    static MoonglassException of(Fault fault) {
        String code = fault.code() == null ? "" : fault.code();
        switch (code) {
            case "invalid_api_key":
                return new UnauthorizedException(fault);
            case "context_length_exceeded":
            case "media_too_large":
            case "request_too_large":
            case "file_too_large":
            case "files_quota_exceeded":
                return new RequestTooLargeException(fault);
            case "queue_full":
            case "overloaded":
            case "memory_pressure":
                return new OverloadedException(fault);
            case "server_shutting_down":
            case "disk_full":
            case "storage_unavailable":
            case "out_of_memory":
                return new UnavailableException(fault);
            case "deadline_exceeded":
                return new DeadlineExceededException(fault);
            case "request_cancelled":
                return new RequestCancelledException(fault);
            default:
                return ofStatus(fault);
        }
    }

    private static MoonglassException ofStatus(Fault fault) {
        switch (fault.status()) {
            case 401:
                return new UnauthorizedException(fault);
            case 403:
                return fault.param() == null
                        ? new UnauthorizedException(fault)
                        : new BadRequestException(fault);
            case 404:
                return new NotFoundException(fault);
            case 413:
                return new RequestTooLargeException(fault);
            case 429:
                return new OverloadedException(fault);
            case 502:
            case 503:
                return new UnavailableException(fault);
            case 504:
                return new DeadlineExceededException(fault);
            default:
                boolean isOurs =
                        fault.status() >= 400 && fault.status() < 500 || fault.status() == 501;
                return isOurs || "invalid_request_error".equals(fault.type())
                        ? new BadRequestException(fault)
                        : new ServerErrorException(fault);
        }
    }

    /// The HTTP status; 0 if there was no answer, 200 for a fault in the middle of a stream.
    public int status() {
        return fault.status();
    }

    /// What went wrong, for programs, such as `invalid_image`; may be null.
    public String code() {
        return fault.code();
    }

    /// The kind of error as OpenAI has it, such as `invalid_request_error`; may be null.
    public String type() {
        return fault.type();
    }

    /// The field at fault; may be null.
    public String param() {
        return fault.param();
    }

    /// How long the server asks to wait before the next try; empty if it does not say.
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(fault.retryAfter());
    }

    /// The id under which the server's log has the request; null if nothing was sent.
    public String requestId() {
        return requestId;
    }

    /// The answer's text that had come before the fault; empty if none had.
    public String partialText() {
        return partialText;
    }

    Fault.Advice advice() {
        return fault.advice();
    }

    MoonglassException withRequestId(String id) {
        requestId = id;
        return this;
    }

    MoonglassException withPartialText(String text) {
        partialText = text;
        return this;
    }
}
