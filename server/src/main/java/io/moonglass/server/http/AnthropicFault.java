package io.moonglass.server.http;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;

/// A fault as Anthropic's clients read it.
///
/// Source: the types of Anthropic's client for JavaScript, `core/error` and `resources/shared`.
record AnthropicFault(String type, Detail error, @JsonProperty("request_id") String requestId) {

    /// Under which Anthropic's clients look for a request's id.
    static final HeaderName REQUEST_ID = HeaderNames.create("request-id");

    record Detail(String type, String message) {}

    static AnthropicFault of(HttpFault fault, String requestId) {
        return new AnthropicFault(
                "error", new Detail(typeOf(fault.status()), fault.getMessage()), requestId);
    }

    private static String typeOf(int status) {
        return switch (status) {
            case 401 -> "authentication_error";
            case 403 -> "permission_error";
            case 404 -> "not_found_error";
            case 413 -> "request_too_large";
            case 429 -> "rate_limit_error";
            case 503 -> "overloaded_error";
            case 504 -> "timeout_error";
            case 501 -> "invalid_request_error";
            default -> status < 500 ? "invalid_request_error" : "api_error";
        };
    }
}
