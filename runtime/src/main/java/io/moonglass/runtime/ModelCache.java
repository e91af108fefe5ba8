package io.moonglass.runtime;

/// What a model keeps for requests that come again.
public enum ModelCache {
    /// Keys and values of prompts that nobody computes with any more.
    PREFIX,
    /// Rows of pictures that nobody uses any more.
    ENCODER
}
