package io.moonglass.engine;

import io.moonglass.router.Routing;
import io.moonglass.tensor.FloatMatrix;

/// Sees the decoder's intermediate values, for checks against recorded outputs. Matrices have one
/// row per token of the step and are only valid during the call. Engine thread.
public interface DecoderObserver {

    /// Sees nothing.
    DecoderObserver NONE = new DecoderObserver() {};

    /// The residual stream: 0 is the embeddings, `i` what layer `i - 1` left.
    default void hidden(int index, FloatMatrix hidden) {}

    /// What the cache keeps: the normalised latent, then the rotated key.
    default void cacheRows(int layer, FloatMatrix rows) {}

    /// What attention adds to the residual stream.
    default void attention(int layer, FloatMatrix added) {}

    /// What the feed-forward adds to the residual stream.
    default void feedForward(int layer, FloatMatrix added) {}

    /// Where a sparse layer sends its tokens.
    default void routed(int layer, Routing routing) {}

    /// The residual stream after the last norm.
    default void finalNorm(FloatMatrix hidden) {}

    /// The logits one sequence's next token is chosen from, before any penalty: `[1, vocabSize]`.
    /// Here an observer may also write: the token is chosen from what it leaves.
    default void logits(FloatMatrix logits) {}
}
