package io.moonglass.engine;

/// One answer to a prompt.
///
/// @param sampling how its tokens are chosen
/// @param sink     takes them
public record Branch(SamplingParameters sampling, TokenSink sink) {}
