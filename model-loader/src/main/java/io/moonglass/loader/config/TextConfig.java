package io.moonglass.loader.config;

import io.moonglass.loader.fault.ConfigException;

/// The decoder's sizes: `text_config` of config.json, or the whole file of a text-only Moonlight
/// checkpoint (DeepSeek-V3 report, arXiv 2412.19437).
///
/// @param intermediateSize     width of a dense layer's feed-forward
/// @param moeIntermediateSize  width of one routed expert
/// @param numSharedExperts     the shared experts are one MLP of this many times `moeIntermediateSize`
/// @param firstDenseLayers     layers below this index are dense (`first_k_dense_replace`)
/// @param moeLayerFrequency    of the others, layers that are no multiple of this are dense too
/// @param numExpertGroups      `n_group`
/// @param numChosenGroups      `topk_group`
/// @param normalizeTopK        divide the chosen scores by their sum (`norm_topk_prob`)
/// @param routedScalingFactor  multiplies the routed experts' weights, never the shared experts
/// @param tieWordEmbeddings    the embedding table is the output head too
public record TextConfig(
        int vocabSize,
        int hiddenSize,
        int numLayers,
        int numHeads,
        int intermediateSize,
        int moeIntermediateSize,
        int numExperts,
        int numSharedExperts,
        int numExpertsPerToken,
        int firstDenseLayers,
        int moeLayerFrequency,
        int numExpertGroups,
        int numChosenGroups,
        boolean normalizeTopK,
        float routedScalingFactor,
        int kvLoraRank,
        int qkNopeHeadDim,
        int qkRopeHeadDim,
        int vHeadDim,
        double ropeTheta,
        int maxPositionEmbeddings,
        float rmsNormEps,
        boolean tieWordEmbeddings) {

    /// Epsilon of `kv_a_layernorm`. The released modelling code builds this norm without passing
    /// `rms_norm_eps`, so its class default holds, not the file's 1e-5.
    public static final float LATENT_NORM_EPS = 1e-6f;

    public TextConfig {
        if (qkRopeHeadDim % 2 != 0) {
            throw new ConfigException(
                    "config.json: text_config.qk_rope_head_dim is %d; want an even number"
                            .formatted(qkRopeHeadDim));
        }
        if (numExpertsPerToken > numExperts) {
            throw new ConfigException(
                    "config.json: text_config.num_experts_per_tok is %d, more than n_routed_experts %d"
                            .formatted(numExpertsPerToken, numExperts));
        }
        if (numExperts % numExpertGroups != 0 || numChosenGroups > numExpertGroups) {
            throw new ConfigException(
                    "config.json: text_config has n_routed_experts %d, n_group %d, topk_group %d; want whole groups and no more chosen than there are"
                            .formatted(numExperts, numExpertGroups, numChosenGroups));
        }
    }

    /// The only place that knows how the keys are spelt on disk.
    public static TextConfig from(ConfigSection text) {
        refuseWhatIsNotBuilt(text);
        return new TextConfig(
                text.positiveInt("vocab_size"),
                text.positiveInt("hidden_size"),
                text.positiveInt("num_hidden_layers"),
                text.positiveInt("num_attention_heads"),
                text.positiveInt("intermediate_size"),
                text.positiveInt("moe_intermediate_size"),
                text.positiveInt("n_routed_experts"),
                text.nonNegativeInt("n_shared_experts", 0),
                text.positiveInt("num_experts_per_tok"),
                text.nonNegativeInt("first_k_dense_replace", 0),
                text.positiveInt("moe_layer_freq", 1),
                text.positiveInt("n_group", 1),
                text.positiveInt("topk_group", 1),
                text.bool("norm_topk_prob", true),
                (float) text.positiveNumber("routed_scaling_factor", 1),
                text.positiveInt("kv_lora_rank"),
                text.positiveInt("qk_nope_head_dim"),
                text.positiveInt("qk_rope_head_dim"),
                text.positiveInt("v_head_dim"),
                ropeTheta(text),
                text.positiveInt("max_position_embeddings"),
                (float) text.positiveNumber("rms_norm_eps"),
                text.bool("tie_word_embeddings", false));
    }

    /// Whether this layer's feed-forward is made of routed experts.
    public boolean isSparse(int layer) {
        return layer >= firstDenseLayers && layer % moeLayerFrequency == 0;
    }

    public int qkHeadDim() {
        return qkNopeHeadDim + qkRopeHeadDim;
    }

    /// Numbers the cache keeps per token and layer: the normalised latent and the rotated shared key.
    public int cacheRowSize() {
        return kvLoraRank + qkRopeHeadDim;
    }

    private static void refuseWhatIsNotBuilt(ConfigSection text) {
        if (text.has("q_lora_rank")) {
            throw text.wrong("q_lora_rank", "null: the Kimi-VL family projects queries directly");
        }
        if (!text.string("scoring_func", "sigmoid").equals("sigmoid")) {
            throw text.wrong("scoring_func", "\"sigmoid\"");
        }
        if (!text.string("topk_method", "noaux_tc").equals("noaux_tc")) {
            throw text.wrong("topk_method", "\"noaux_tc\"");
        }
        if (!text.string("hidden_act", "silu").equals("silu")) {
            throw text.wrong("hidden_act", "\"silu\"");
        }
        if (text.bool("attention_bias", false)) {
            throw text.wrong("attention_bias", "false");
        }
        for (String key : new String[] {"rope_scaling", "rope_parameters"}) {
            text.optionalSection(key)
                    .ifPresent(scaling -> {
                        String type =
                                scaling.string("rope_type", scaling.string("type", "default"));
                        if (!type.equals("default")) {
                            throw text.wrong(key, "null or of type \"default\"");
                        }
                    });
        }
    }

    /// Files saved by newer tools keep the base inside `rope_parameters` or `rope_scaling`.
    private static double ropeTheta(ConfigSection text) {
        if (text.has("rope_theta")) {
            return text.positiveNumber("rope_theta");
        }
        for (String key : new String[] {"rope_parameters", "rope_scaling"}) {
            var section = text.optionalSection(key).filter(s -> s.has("rope_theta"));
            if (section.isPresent()) {
                return section.get().positiveNumber("rope_theta");
            }
        }
        throw text.wrong("rope_theta", "a number above 0");
    }
}
