package io.moonglass.runtime.wire;

import io.moonglass.runtime.ChatRequest;
import java.time.Duration;
import java.util.Optional;

/// What the body of `POST /v1/chat/completions` asks for.
///
/// @param numAnswers to the question
/// @param timeout    after which the answer is given up; empty if the caller did not say
/// @param stream     answer piece by piece
/// @param told       what is told besides the answer
public record ChatCall(
        ChatRequest request,
        int numAnswers,
        Optional<Duration> timeout,
        boolean stream,
        ChatCompletionWriter.Told told) {}
