package io.moonglass.runtime;

import java.util.List;

/// How likely the model found a token of prompt or answer.
///
/// @param bytes   what it stands for, perhaps half a character
/// @param logprob natural logarithm of its probability, before anything that a request changes
/// @param rank    among all tokens, 1 for the likeliest
/// @param top     the likeliest tokens in its place, likeliest first; they have no `top` of their own
public record TokenScore(
        int tokenId, byte[] bytes, float logprob, int rank, List<TokenScore> top) {}
