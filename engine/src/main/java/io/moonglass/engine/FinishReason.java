package io.moonglass.engine;

/// Why a generation ended.
public enum FinishReason {
    /// A stop token or a stop string.
    STOP,
    /// The token limit or the end of the context.
    LENGTH,
    /// The caller went away or asked to end it.
    CANCELLED
}
