package io.moonglass.server.http;

import com.fasterxml.jackson.databind.node.TextNode;
import io.moonglass.clients.ErrorBody;
import io.moonglass.loader.fault.InvalidRequestException;

/// A request's failure as the caller sees it: a status and an OpenAI-shaped error.
final class HttpFault extends RuntimeException {

    private static final System.Logger LOG = System.getLogger(HttpFault.class.getName());
    private static final String INVALID_REQUEST = "invalid_request_error";
    private static final String SERVER_ERROR = "server_error";
    private static final int MAX_QUOTED_CHARS = 80;

    private final int status;
    private final String type;
    private final String param;
    private final String code;

    private HttpFault(int status, String type, String param, String code, String message) {
        super(message);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
    }

    static HttpFault invalidRequest(int status, String code, String message) {
        return new HttpFault(status, INVALID_REQUEST, null, code, message);
    }

    static HttpFault bodyTooLarge(int maxBodyBytes) {
        return invalidRequest(
                413,
                "request_too_large",
                "the body is larger than %,d bytes; send less, or smaller pictures"
                        .formatted(maxBodyBytes));
    }

    /// What came is no HTTP as it should be; who sends such a thing is no client of ours.
    static HttpFault malformed(int status) {
        return invalidRequest(
                status, "malformed_request", "the request is no HTTP/1.1 as it should be");
    }

    static HttpFault modelNotFound(String wanted, String served) {
        return new HttpFault(
                404,
                INVALID_REQUEST,
                "model",
                "model_not_found",
                "model %s is not served here; want \"%s\", or no model at all"
                        .formatted(quoted(wanted), served));
    }

    /// A caller's word in quotes, on one line and not too long.
    private static String quoted(String text) {
        boolean fits = text.length() <= MAX_QUOTED_CHARS;
        String start = fits ? text : text.substring(0, MAX_QUOTED_CHARS - 3) + "...";
        return TextNode.valueOf(WellFormed.text(start)).toString();
    }

    static HttpFault unavailable(String code, String message) {
        return new HttpFault(503, SERVER_ERROR, null, code, message);
    }

    static HttpFault overloaded(String why) {
        return unavailable("overloaded", why + "; ask again soon");
    }

    static HttpFault bodyTooSlow() {
        return invalidRequest(
                408,
                "request_timeout",
                "the body comes too slowly; send it in one go, or smaller pictures");
    }

    static HttpFault shuttingDown() {
        return unavailable(
                "shutting_down", "the server is shutting down; ask another, or again soon");
    }

    /// What the caller is told of an exception. A fault of ours is logged, and told without its cause.
    static HttpFault of(Throwable exception, String requestId) {
        return switch (exception) {
            case HttpFault fault -> fault;
            case InvalidRequestException fault -> of(fault);
            default -> {
                LOG.log(System.Logger.Level.ERROR, "request " + requestId + " failed", exception);
                yield internal(requestId);
            }
        };
    }

    static HttpFault internal(String requestId) {
        return new HttpFault(
                500,
                SERVER_ERROR,
                null,
                "internal_error",
                "internal error; the server's log has the cause under request id " + requestId);
    }

    private static HttpFault of(InvalidRequestException fault) {
        return switch (fault.kind()) {
            case INVALID_VALUE -> of(fault, 400, "invalid_value");
            case CONTEXT_LENGTH_EXCEEDED -> of(fault, 400, "context_length_exceeded");
            case MEDIA_TOO_LARGE -> of(fault, 413, "image_too_large");
            case UNSUPPORTED_MEDIA -> of(fault, 422, "unsupported_media");
            case INVALID_IMAGE -> of(fault, 422, "invalid_image");
            case UNSUPPORTED_FEATURE -> of(fault, 501, "unsupported_feature");
        };
    }

    private static HttpFault of(InvalidRequestException fault, int status, String code) {
        return new HttpFault(status, INVALID_REQUEST, fault.param(), code, fault.getMessage());
    }

    int status() {
        return status;
    }

    ErrorBody body() {
        return new ErrorBody(new ErrorBody.Detail(getMessage(), type, param, code));
    }
}
