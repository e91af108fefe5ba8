package io.moonglass.server.http;

import io.moonglass.runtime.ChatRequest;
import java.time.Duration;
import java.util.Optional;

/// What a body of `POST /v1/chat/completions` asks for.
///
/// @param model          the model it names; empty for the one that is served
/// @param numAnswers     choices of the answer
/// @param timeout        after which the answer is given up; empty if the caller did not say
/// @param stream         answer piece by piece
/// @param includeUsage   end a streamed answer with its usage
/// @param returnTokenIds answer with the generated tokens' ids too
record ChatCompletionCall(
        Optional<String> model,
        ChatRequest request,
        int numAnswers,
        Optional<Duration> timeout,
        boolean stream,
        boolean includeUsage,
        boolean returnTokenIds) {}
