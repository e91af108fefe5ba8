package io.moonglass.engine;

import io.moonglass.tensor.Weight;

/// One layer's latent attention (DeepSeek-V2 report, arXiv 2405.04434, section 2.1).
///
/// @param query        `[numHeads * (nope + rope), hiddenSize]`
/// @param latentAndKey `[kvLoraRank + rope, hiddenSize]`: the latent, then the shared rotary key
/// @param latentNorm   `[kvLoraRank]`
/// @param expansion    makes keys and values of latents
/// @param output       `[hiddenSize, numHeads * vHeadDim]`
record AttentionWeights(
        Weight query,
        Weight latentAndKey,
        float[] latentNorm,
        LatentExpansion expansion,
        Weight output) {}
