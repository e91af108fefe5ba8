package io.moonglass.server.http;

import io.moonglass.runtime.ChatRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What a body asks for, in whichever dialect.
///
/// @param requests   one for each prompt, seldom more than one
/// @param numAnswers to each prompt
/// @param timeout    after which the answer is given up; empty if the caller did not say
/// @param stream     answer piece by piece
/// @param progress   let the stream begin before the pictures are prepared, to tell of them
record Call(
        List<ChatRequest> requests,
        int numAnswers,
        Optional<Duration> timeout,
        boolean stream,
        boolean progress) {

    /// A call of one prompt.
    Call(ChatRequest request, int numAnswers, Optional<Duration> timeout, boolean stream) {
        this(List.of(request), numAnswers, timeout, stream, false);
    }

    /// Answers to all prompts; those to the first come first.
    int totalAnswers() {
        return requests.size() * numAnswers;
    }
}
