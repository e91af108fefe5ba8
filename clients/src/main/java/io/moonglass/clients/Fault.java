package io.moonglass.clients;

import java.io.Serializable;
import java.time.Duration;

/// What is known of a request that did not succeed.
///
/// @param status     of HTTP; 0 if there was no answer, 200 for a fault in the middle of a stream
/// @param retryAfter what the server asked for; null for nothing
/// @param advice     whether sending the request again may help
record Fault(
        int status,
        String message,
        String type,
        String param,
        String code,
        Duration retryAfter,
        Advice advice,
        Throwable cause)
        implements Serializable {

    /// Whether a request may be sent again.
    enum Advice {
        NEVER,
        /// The server may have begun with it.
        IF_REPEATABLE,
        ALWAYS
    }

    /// A fault that no server told of.
    static Fault local(String message, Advice advice, Throwable cause) {
        return new Fault(0, message, null, null, null, null, advice, cause);
    }

    static Fault local(String message) {
        return local(message, Advice.NEVER, null);
    }
}
