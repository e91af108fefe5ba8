package io.moonglass.engine;

/// How likely the model found a token, and what it found likeliest in its place: natural logarithms of
/// probabilities of its own logits, before penalties, biases, masks and temperature.
///
/// @param logprob     of the token
/// @param rank        of the token among all, 1 for the likeliest
/// @param topTokenIds the likeliest tokens, likeliest first
/// @param topLogprobs theirs
public record TokenLogprobs(float logprob, int rank, int[] topTokenIds, float[] topLogprobs) {}
