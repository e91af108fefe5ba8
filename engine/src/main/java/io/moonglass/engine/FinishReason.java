package io.moonglass.engine;

/// Why a generation ended.
public enum FinishReason {
    /// A stop token, the end of what a mask allows, or a sink that had enough: of a stop string, for one.
    STOP,
    /// The token limit or the end of the context.
    LENGTH,
    /// The caller went away or asked to end it.
    CANCELLED
}
