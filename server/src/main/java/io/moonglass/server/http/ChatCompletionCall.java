package io.moonglass.server.http;

import io.moonglass.runtime.ChatRequest;
import java.util.Optional;

/// What a body of `POST /v1/chat/completions` asks for.
///
/// @param model          the model it names; empty for the one that is served
/// @param stream         answer piece by piece
/// @param includeUsage   end a streamed answer with its usage
/// @param returnTokenIds answer with the generated tokens' ids too
record ChatCompletionCall(
        Optional<String> model,
        ChatRequest request,
        boolean stream,
        boolean includeUsage,
        boolean returnTokenIds) {}
