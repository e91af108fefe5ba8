package io.moonglass.runtime.wire;

import io.moonglass.clients.ErrorBody;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.OverloadedException;
import java.time.Duration;
import java.util.Optional;

/// Why a request is not answered, as its caller is told.
///
/// @param status     of HTTP
/// @param type       the kind of error as OpenAI has it
/// @param param      the field at fault; null where no single one is
/// @param code       what went wrong, for programs
/// @param retryAfter after which it may be asked again; empty where that would not help
public record RequestFault(
        int status,
        String type,
        String param,
        String code,
        String message,
        Optional<Duration> retryAfter) {

    private static final String INVALID_REQUEST = "invalid_request_error";

    public static RequestFault of(InvalidRequestException fault) {
        return switch (fault.kind()) {
            case INVALID_VALUE -> of(fault, 400, "invalid_value");
            case CONTEXT_LENGTH_EXCEEDED -> of(fault, 400, "context_length_exceeded");
            case MEDIA_TOO_LARGE -> of(fault, 413, "media_too_large");
            case UNSUPPORTED_MEDIA -> of(fault, 422, "unsupported_media");
            case INVALID_IMAGE -> of(fault, 422, "invalid_image");
            case INVALID_MEDIA -> of(fault, 422, "invalid_media");
            case FORBIDDEN_ADDRESS -> of(fault, 403, "forbidden_address");
            case MEDIA_UNAVAILABLE -> of(fault, 422, "media_unavailable");
            case UNSUPPORTED_FEATURE -> of(fault, 501, "unsupported_feature");
        };
    }

    private static RequestFault of(InvalidRequestException fault, int status, String code) {
        return new RequestFault(
                status, INVALID_REQUEST, fault.param(), code, fault.getMessage(), Optional.empty());
    }

    public static RequestFault of(OverloadedException fault) {
        return new RequestFault(
                429,
                "rate_limit_exceeded",
                null,
                switch (fault.kind()) {
                    case QUEUE -> "queue_full";
                    case MEMORY -> "memory_pressure";
                },
                fault.getMessage(),
                Optional.of(fault.retryAfter()));
    }

    public ErrorBody body() {
        return new ErrorBody(new ErrorBody.Detail(message, type, param, code));
    }
}
