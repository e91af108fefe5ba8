package io.moonglass.clients;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;

/// How likely the model found the tokens of an answer.
///
/// @param refusal always null
public record Logprobs(List<Token> content, List<Token> refusal) {

    /// @param token       its text; half a character is U+FFFD
    /// @param logprob     natural logarithm of its probability
    /// @param bytes       what it stands for, each from 0 to 255
    /// @param topLogprobs the likeliest tokens in its place, likeliest first
    @JsonNaming(SnakeCaseStrategy.class)
    public record Token(
            String token, double logprob, List<Integer> bytes, List<Alternative> topLogprobs) {}

    public record Alternative(String token, double logprob, List<Integer> bytes) {}
}
