package io.moonglass.loader.config;

import io.moonglass.loader.fault.ConfigException;

/// MoonViT's sizes: `vision_config` of config.json (Kimi-VL report, arXiv 2504.07491).
///
/// @param positionRows    rows of the learned position table (`init_pos_emb_height`)
/// @param positionColumns columns of the learned position table (`init_pos_emb_width`)
/// @param mergeSize       side of the square of patches that make one decoder token
public record VisionConfig(
        int hiddenSize,
        int intermediateSize,
        int numLayers,
        int numHeads,
        int patchSize,
        int positionRows,
        int positionColumns,
        int mergeSize) {

    /// LayerNorm's epsilon everywhere in MoonViT and the projector; no file holds it.
    public static final float LAYER_NORM_EPS = 1e-5f;

    /// Base of the two-dimensional rotary angles; no file holds it.
    public static final double ROPE_THETA = 10_000;

    public VisionConfig {
        if (hiddenSize % numHeads != 0) {
            throw new ConfigException(
                    "config.json: vision_config.hidden_size is %d, no multiple of num_attention_heads %d"
                            .formatted(hiddenSize, numHeads));
        }
        if (hiddenSize / numHeads % 4 != 0) {
            throw new ConfigException(
                    "config.json: vision_config makes heads of %d numbers; the two-dimensional rotary embedding wants a multiple of 4"
                            .formatted(hiddenSize / numHeads));
        }
    }

    /// The only place that knows how the keys are spelt on disk.
    public static VisionConfig from(ConfigSection vision) {
        double[] merge = vision.numbers("merge_kernel_size", 2, 2, 2);
        if (merge[0] != 2 || merge[1] != 2) {
            throw vision.wrong("merge_kernel_size", "[2, 2]");
        }
        return new VisionConfig(
                vision.positiveInt("hidden_size"),
                vision.positiveInt("intermediate_size"),
                vision.positiveInt("num_hidden_layers"),
                vision.positiveInt("num_attention_heads"),
                vision.positiveInt("patch_size"),
                vision.positiveInt("init_pos_emb_height"),
                vision.positiveInt("init_pos_emb_width"),
                2);
    }

    public int headDim() {
        return hiddenSize / numHeads;
    }

    /// Numbers in one patch: three channels of `patchSize` rows and columns.
    public int patchLength() {
        return 3 * patchSize * patchSize;
    }

    /// Patches that make one decoder token.
    public int patchesPerToken() {
        return mergeSize * mergeSize;
    }
}
