package io.moonglass.server.load;

import io.moonglass.clients.Usage;
import java.time.Duration;

/// What came of one request.
sealed interface Outcome {

    /// @param usage null if the server told none
    record Answered(String text, Usage usage, AnswerTimes times) implements Outcome {}

    /// The client closed the connection, as its plan said.
    record Cancelled() implements Outcome {}

    /// The server was asked too much at once (429).
    ///
    /// @param retryAfter when to ask again
    /// @param fault      what it would be if nobody asked again
    record Rejected(Duration retryAfter, Failed fault) implements Outcome {}

    /// @param kind status and code, such as `500 internal_error`
    record Failed(String kind, String message) implements Outcome {}
}
