package io.moonglass.engine;

import io.moonglass.router.FeedForward;
import io.moonglass.router.SparseFeedForward;

/// One decoder layer.
record LayerWeights(
        float[] inputNorm,
        AttentionWeights attention,
        float[] postAttentionNorm,
        LayerFeedForward feedForward) {

    /// A layer's second half.
    sealed interface LayerFeedForward {
        record Dense(FeedForward feedForward) implements LayerFeedForward {}

        record Sparse(SparseFeedForward feedForward) implements LayerFeedForward {}
    }
}
