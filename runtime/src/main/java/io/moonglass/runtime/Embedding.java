package io.moonglass.runtime;

/// Features of a text or a picture.
///
/// @param values `[hiddenSize]`, as the model makes them: not scaled to length 1
/// @param size   what was read for it
public record Embedding(float[] values, PromptSize size) {}
