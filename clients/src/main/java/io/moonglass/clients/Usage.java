package io.moonglass.clients;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;

/// What a request cost, in tokens.
///
/// @param promptTokens     all tokens of the prompt, pictures included
/// @param completionTokens generated tokens, reasoning included
@JsonNaming(SnakeCaseStrategy.class)
public record Usage(
        int promptTokens,
        int completionTokens,
        int totalTokens,
        PromptTokensDetails promptTokensDetails,
        CompletionTokensDetails completionTokensDetails) {

    /// @param cachedTokens tokens of the prompt that an earlier request had already computed
    /// @param imageTokens  tokens of the prompt that stand for pictures
    /// @param videoTokens  tokens of the prompt that stand for frames of videos
    @JsonNaming(SnakeCaseStrategy.class)
    public record PromptTokensDetails(int cachedTokens, int imageTokens, int videoTokens) {}

    /// @param reasoningTokens generated tokens before the answer itself
    @JsonNaming(SnakeCaseStrategy.class)
    public record CompletionTokensDetails(int reasoningTokens) {}
}
