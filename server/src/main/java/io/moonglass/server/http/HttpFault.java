package io.moonglass.server.http;

import com.fasterxml.jackson.databind.node.TextNode;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.moonglass.clients.ErrorBody;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.OverloadedException;
import io.moonglass.runtime.storage.StorageException;
import io.moonglass.runtime.wire.RequestFault;
import io.moonglass.runtime.wire.WellFormed;
import io.moonglass.server.files.FileRefusedException;
import io.moonglass.server.models.ModelUnavailableException;
import io.moonglass.server.models.UnknownModelException;
import io.moonglass.server.observe.HeapDumpRefusedException;
import io.moonglass.server.observe.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/// A request's failure as the caller sees it: a status and an OpenAI-shaped error.
final class HttpFault extends RuntimeException {

    private static final System.Logger LOG = System.getLogger(HttpFault.class.getName());
    private static final String INVALID_REQUEST = "invalid_request_error";
    private static final String SERVER_ERROR = "server_error";
    private static final String RATE_LIMIT = "rate_limit_exceeded";
    private static final String REQUEST_CANCELLED = "request_cancelled";

    /// The code of what a stopping server refuses or cuts off.
    static final String SHUTTING_DOWN = "server_shutting_down";

    private static final String DISK_FULL = "disk_full";
    static final String OUT_OF_MEMORY = "out_of_memory";
    private static final Duration SOON = Duration.ofSeconds(5);

    /// OpenAI's clients ask again by themselves after some statuses, unless this says no.
    private static final HeaderName SHOULD_RETRY = HeaderNames.create("X-Should-Retry");

    private static final Header DO_NOT_RETRY = HeaderValues.create(SHOULD_RETRY, "false");
    private static final int MAX_QUOTED_CHARS = 80;

    private final int status;
    private final String type;
    private final String param;
    private final String code;
    private final List<Header> headers;

    private HttpFault(
            int status, String type, String param, String code, String message, Header... headers) {
        super(message);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
        this.headers = status == 501 ? List.of(DO_NOT_RETRY) : List.of(headers);
    }

    static HttpFault invalidRequest(int status, String code, String message) {
        return new HttpFault(status, INVALID_REQUEST, null, code, message);
    }

    static HttpFault invalidValue(String param, String message) {
        return new HttpFault(400, INVALID_REQUEST, param, "invalid_value", message);
    }

    static HttpFault bodyTooLarge(long maxBodyBytes) {
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

    private static HttpFault modelNotFound(UnknownModelException fault) {
        return new HttpFault(
                404,
                INVALID_REQUEST,
                "model",
                "model_not_found",
                "model %s is not served here; want %s, or no model at all"
                        .formatted(
                                quoted(fault.wanted()),
                                fault.served().stream()
                                        .map(name -> '"' + name + '"')
                                        .collect(Collectors.joining(" or "))));
    }

    private static HttpFault modelUnavailable(ModelUnavailableException fault) {
        return switch (fault.reason()) {
            case NO_MEMORY -> unavailable("model_memory_full", fault.getMessage());
            case LOADING_FAILED -> unavailable("model_load_failed", fault.getMessage());
            case LOADING -> unavailable("model_loading", fault.getMessage());
            case CLOSED -> shuttingDown();
        };
    }

    static HttpFault modelInUse(String name) {
        return invalidRequest(
                409,
                "model_in_use",
                "model %s is used by requests or still loading; ask again when they have ended"
                        .formatted(quoted(name)));
    }

    /// A caller's word in quotes, on one line and not too long.
    static String quoted(String text) {
        boolean fits = text.length() <= MAX_QUOTED_CHARS;
        String start = fits ? text : text.substring(0, MAX_QUOTED_CHARS - 3) + "...";
        return TextNode.valueOf(WellFormed.text(start)).toString();
    }

    static HttpFault unknownUrl() {
        return invalidRequest(404, "unknown_url", "there is nothing at this path");
    }

    static HttpFault methodNotAllowed(String allowed) {
        return new HttpFault(
                405,
                INVALID_REQUEST,
                null,
                "method_not_allowed",
                "this path takes %s alone".formatted(allowed),
                HeaderValues.create(HeaderNames.ALLOW, allowed));
    }

    static HttpFault invalidApiKey() {
        return new HttpFault(
                401,
                INVALID_REQUEST,
                null,
                "invalid_api_key",
                "no key of this server was sent; want the header Authorization: Bearer KEY",
                HeaderValues.create(HeaderNames.WWW_AUTHENTICATE, "Bearer"));
    }

    static HttpFault originNotAllowed() {
        return invalidRequest(
                403,
                "origin_not_allowed",
                "pages of this origin may not ask this server; its operator may allow them (--cors-origin)");
    }

    static HttpFault unavailable(String code, String message) {
        return new HttpFault(503, SERVER_ERROR, null, code, message, retryAfter(SOON));
    }

    /// More at once than the server takes on, whatever each of them costs.
    static HttpFault overloaded(String why) {
        return new HttpFault(
                429, RATE_LIMIT, null, "overloaded", why + "; ask again soon", retryAfter(SOON));
    }

    /// A key has used up what it may.
    ///
    /// @param code of which limit
    static HttpFault keyLimit(String code, String message, Duration wait) {
        return new HttpFault(429, RATE_LIMIT, null, code, message, retryAfter(wait));
    }

    static HttpFault requestNotFound() {
        return invalidRequest(
                404,
                "request_not_found",
                "none of your requests runs under this id; it is in the X-Request-Id of every answer");
    }

    static HttpFault duplicateRequestId() {
        return invalidRequest(
                409,
                "duplicate_request_id",
                "a request of yours with this X-Request-Id runs already; want another, or none at all");
    }

    static HttpFault responseNotFound(String id) {
        return responseNotFound(null, "response_not_found", id);
    }

    /// @param param where the request has the id
    static HttpFault previousResponseNotFound(String param, String id) {
        return responseNotFound(param, "previous_response_not_found", id);
    }

    private static HttpFault responseNotFound(String param, String code, String id) {
        return new HttpFault(
                404,
                INVALID_REQUEST,
                param,
                code,
                "none of your responses is kept under %s; it was deleted, has expired, or was not to be stored"
                        .formatted(quoted(id)));
    }

    /// @param param where the request has the id
    static HttpFault itemNotFound(String param, String id) {
        return new HttpFault(
                404,
                INVALID_REQUEST,
                param,
                "item_not_found",
                "%s: none of your responses that are kept has an item %s; send the item itself"
                        .formatted(param, quoted(id)));
    }

    static HttpFault fileNotFound(String id) {
        return invalidRequest(
                404,
                "file_not_found",
                "none of your files has the id %s; it was deleted, has expired, or was never uploaded"
                        .formatted(quoted(id)));
    }

    /// @param param where the request has the id or hash
    static HttpFault fileNotFound(String param, String id) {
        return new HttpFault(
                404,
                INVALID_REQUEST,
                param,
                "file_not_found",
                "%s: none of your files is %s; upload it with POST /v1/files"
                        .formatted(param, quoted(id)));
    }

    static HttpFault filesOff() {
        return invalidRequest(
                501,
                "unsupported_feature",
                "this server keeps no files; send the pictures themselves");
    }

    static HttpFault unsupportedContentType(String wanted) {
        return invalidRequest(
                415,
                "unsupported_content_type",
                "the body's content type is not taken; want " + wanted);
    }

    static HttpFault encodedBody() {
        return invalidRequest(
                415, "unsupported_content_encoding", "the body is encoded; want it as it is");
    }

    static HttpFault requestCancelled() {
        return new HttpFault(
                409,
                INVALID_REQUEST,
                null,
                REQUEST_CANCELLED,
                "another request cancelled this one",
                DO_NOT_RETRY);
    }

    static HttpFault deadlineExceeded() {
        return new HttpFault(
                504,
                SERVER_ERROR,
                null,
                "deadline_exceeded",
                "the answer was not complete at the request's deadline; give it more time, or ask for less",
                DO_NOT_RETRY);
    }

    /// Whole seconds, rounded up.
    static Header retryAfter(Duration time) {
        return HeaderValues.create(
                HeaderNames.RETRY_AFTER, String.valueOf(time.plusNanos(999_999_999).toSeconds()));
    }

    static HttpFault bodyTooSlow() {
        return invalidRequest(
                408,
                "request_timeout",
                "the body comes too slowly; send it in one go, or smaller pictures");
    }

    /// Every answer of a server that stops sends its client elsewhere; see [ClientLink#endAfter].
    static HttpFault shuttingDown() {
        return new HttpFault(
                503,
                SERVER_ERROR,
                null,
                SHUTTING_DOWN,
                "the server is shutting down; ask another, or again soon",
                retryAfter(SOON));
    }

    /// There was no memory for this one request; others go on.
    private static HttpFault outOfMemory(Throwable cause) {
        HttpFault fault =
                unavailable(
                        OUT_OF_MEMORY,
                        "there was no memory for this request; ask again soon, or for less at once");
        fault.initCause(cause);
        return fault;
    }

    /// What the caller is told of an exception. A fault of ours is logged, and told without its cause.
    static HttpFault of(Throwable exception, String requestId) {
        return switch (exception) {
            case HttpFault fault -> fault;
            case InvalidRequestException fault -> of(RequestFault.of(fault));
            case OverloadedException fault -> of(RequestFault.of(fault));
            case StorageException fault ->
                    unavailable(
                            fault.isFull() ? DISK_FULL : "storage_unavailable", fault.getMessage());
            case FileRefusedException fault -> of(fault);
            case UnknownModelException fault -> modelNotFound(fault);
            case ModelUnavailableException fault -> modelUnavailable(fault);
            case OutOfMemoryError fault -> outOfMemory(fault);
            case IllegalStateException fault when fault.getCause() instanceof OutOfMemoryError ->
                    outOfMemory(fault); // of a thread that worked for it
            case HeapDumpRefusedException fault -> of(fault);
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

    private static HttpFault of(FileRefusedException fault) {
        return switch (fault.kind()) {
            case TOO_LARGE -> fileRefused("file_too_large", fault);
            case QUOTA_EXCEEDED -> fileRefused("files_quota_exceeded", fault);
            case DISK_FULL -> unavailable(DISK_FULL, fault.getMessage());
            case DISK -> unavailable("file_storage_unavailable", fault.getMessage());
        };
    }

    private static HttpFault fileRefused(String code, FileRefusedException fault) {
        return new HttpFault(413, INVALID_REQUEST, "file", code, fault.getMessage());
    }

    private static HttpFault of(HeapDumpRefusedException fault) {
        return switch (fault.kind()) {
            case RUNNING -> invalidRequest(409, "heap_dump_running", fault.getMessage());
            case NO_ROOM -> unavailable(DISK_FULL, fault.getMessage());
            case FAILED -> unavailable("heap_dump_failed", fault.getMessage());
        };
    }

    /// What only those may do whom an operator has given a key.
    static HttpFault operationForbidden(String why) {
        return invalidRequest(403, "operation_forbidden", why);
    }

    private static HttpFault of(RequestFault fault) {
        return new HttpFault(
                fault.status(),
                fault.type(),
                fault.param(),
                fault.code(),
                fault.message(),
                fault.retryAfter().map(HttpFault::retryAfter).stream().toArray(Header[]::new));
    }

    int status() {
        return status;
    }

    /// What went wrong, for programs.
    String code() {
        return code;
    }

    /// The field at fault; null where no single one is.
    String param() {
        return param;
    }

    /// What becomes of a request that fails with it.
    Outcome outcome() {
        return switch (status) {
            case 429, 503 -> Outcome.REFUSED;
            case 500 -> Outcome.FAILED;
            case 504 -> Outcome.DEADLINE_EXCEEDED;
            default -> code.equals(REQUEST_CANCELLED) ? Outcome.CANCELLED : Outcome.INVALID;
        };
    }

    /// What the answer's head tells beside the status.
    List<Header> headers() {
        return headers;
    }

    ErrorBody body() {
        return new ErrorBody(new ErrorBody.Detail(getMessage(), type, param, code));
    }
}
