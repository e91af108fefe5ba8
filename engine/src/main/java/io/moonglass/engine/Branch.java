package io.moonglass.engine;

/// One answer to a prompt.
///
/// @param sampling how its tokens are chosen
/// @param mask     which of them may come; no other branch's
/// @param sink     takes them
public record Branch(SamplingParameters sampling, TokenMask mask, TokenSink sink) {

    /// An answer of any tokens.
    public Branch(SamplingParameters sampling, TokenSink sink) {
        this(sampling, TokenMask.ALL, sink);
    }
}
