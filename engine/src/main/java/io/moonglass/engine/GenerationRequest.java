package io.moonglass.engine;

import io.moonglass.tensor.FloatMatrix;
import java.util.Optional;
import java.util.Set;

/// What the engine is asked for.
///
/// @param tokenIds      the prompt; an image token's id stands once for every image row
/// @param imageTokenId  the id whose rows come from `imageRows`; -1 for a model without pictures
/// @param imageRows     `[number of image tokens, hiddenSize]`, in prompt order; empty without pictures.
///                      Must stay valid until the sink's last call
/// @param sampling      how tokens are chosen
/// @param maxTokens     the most tokens to generate
/// @param stopTokenIds  tokens that end the generation
/// @param sink          takes the tokens
public record GenerationRequest(
        int[] tokenIds,
        int imageTokenId,
        Optional<FloatMatrix> imageRows,
        SamplingParameters sampling,
        int maxTokens,
        Set<Integer> stopTokenIds,
        TokenSink sink) {

    public GenerationRequest {
        tokenIds = tokenIds.clone();
        stopTokenIds = Set.copyOf(stopTokenIds);
    }

    /// Whether this position's embedding comes from a picture.
    boolean isImage(int position) {
        return tokenIds[position] == imageTokenId;
    }
}
