package io.moonglass.loader.gguf;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;

/// The decoder's configuration, from the keys of its file: those that converters write today and those that they wrote
/// before they knew latent attention.
final class DecoderKeys {

    static final String ARCHITECTURE = "deepseek2";

    /// Beyond all that models of the family have; what a file may make the program list stays small.
    static final int MAX_LAYERS = 512;

    static final int MAX_SIZE = 1 << 20;

    static final int MAX_COUNT = 1 << 10;
    private static final int MAX_HEAD_SIZE = 1 << 16;
    private static final int MAX_TOKENS = 1 << 24;

    /// `expert_gating_func` of a sigmoid.
    static final int SIGMOID = 2;

    private final GgufFile file;
    private final GgufMetadata keys;
    private final FamilySettings family;

    DecoderKeys(GgufFile file, FamilySettings family) {
        this.file = file;
        this.keys = file.metadata();
        this.family = family;
    }

    /// @throws ModelFormatException if the file is no decoder of the family
    /// @throws ConfigException      if it is a vision part
    static void check(GgufFile file) {
        String architecture = file.metadata().string("general.architecture");
        if (architecture.equals(VisionKeys.ARCHITECTURE)) {
            throw new ConfigException(
                    "%s: holds a vision part, general.architecture is \"%s\"; name the decoder's file, and this one with --mmproj"
                            .formatted(file.path().getFileName(), architecture));
        }
        if (!architecture.equals(ARCHITECTURE)) {
            throw file.metadata()
                    .wrong(
                            "general.architecture",
                            "\"%s\": a model of the Kimi-VL family".formatted(ARCHITECTURE));
        }
    }

    /// What `text_config` of config.json would hold.
    ObjectNode textConfig() {
        refuseWhatIsNotBuilt();
        ObjectNode text = JsonNodeFactory.instance.objectNode();
        text.put("model_type", "deepseek_v3");
        text.put("vocab_size", vocabSize());
        text.put("hidden_size", positive("embedding_length"));
        text.put("num_hidden_layers", positive("block_count", MAX_LAYERS));
        text.put("num_attention_heads", positive("attention.head_count", MAX_COUNT));
        text.put("intermediate_size", positive("feed_forward_length"));
        text.put("max_position_embeddings", positive("context_length", Integer.MAX_VALUE));
        text.put("rms_norm_eps", keys.real(key("attention.layer_norm_rms_epsilon")));
        text.put("rope_theta", keys.real(key("rope.freq_base")));
        text.put("kv_lora_rank", positive("attention.kv_lora_rank", MAX_HEAD_SIZE));
        putHeadSizes(text);
        putExperts(text);
        text.put("tie_word_embeddings", file.tensor("output.weight").isEmpty());
        return text;
    }

    /// Newer files call the sizes of heads so that they tell of the latents, and keep the heads' own under other names.
    private void putHeadSizes(ObjectNode text) {
        int rotated = positive("rope.dimension_count", MAX_HEAD_SIZE);
        boolean isNew = keys.has(key("attention.key_length_mla"));
        String keyLength = isNew ? "attention.key_length_mla" : "attention.key_length";
        int head = positive(keyLength, MAX_HEAD_SIZE);
        if (head <= rotated) {
            throw keys.wrong(key(keyLength), "more than rope.dimension_count, which is " + rotated);
        }
        text.put("qk_nope_head_dim", head - rotated);
        text.put("qk_rope_head_dim", rotated);
        text.put(
                "v_head_dim",
                positive(
                        isNew ? "attention.value_length_mla" : "attention.value_length",
                        MAX_HEAD_SIZE));
    }

    private void putExperts(ObjectNode text) {
        text.put("n_routed_experts", positive("expert_count", MAX_COUNT));
        text.put("num_experts_per_tok", positive("expert_used_count", MAX_COUNT));
        text.put("n_shared_experts", orNone("expert_shared_count", "n_shared_experts", 2));
        text.put("moe_intermediate_size", positive("expert_feed_forward_length"));
        text.put(
                "first_k_dense_replace",
                orNone("leading_dense_block_count", "first_k_dense_replace", 1));
        text.put("moe_layer_freq", family.take("moe_layer_freq", 1));
        text.put("n_group", groups("expert_group_count", "n_group"));
        text.put("topk_group", groups("expert_group_used_count", "topk_group"));
        double scale =
                keys.optionalReal(key("expert_weights_scale"))
                        .orElseGet(() -> family.take("routed_scaling_factor", 2.446));
        text.put("routed_scaling_factor", scale);
        boolean isNormalized =
                keys.optionalBool(key("expert_weights_norm"))
                        .orElseGet(() -> family.take("norm_topk_prob", true));
        text.put("norm_topk_prob", isNormalized);
        if (!keys.has(key("expert_gating_func"))) {
            family.take("scoring_func", "sigmoid");
        }
        text.put("scoring_func", "sigmoid");
        text.put("topk_method", "noaux_tc");
    }

    private void refuseWhatIsNotBuilt() {
        String queryRank = key("attention.q_lora_rank");
        if (keys.has(queryRank) && keys.integer(queryRank) != 0) {
            throw keys.wrong(queryRank, "none: the Kimi-VL family projects queries directly");
        }
        String gating = key("expert_gating_func");
        if (keys.has(gating) && keys.integer(gating) != SIGMOID) {
            throw keys.wrong(gating, "%d, a sigmoid".formatted(SIGMOID));
        }
        String scaling = key("rope.scaling.type");
        if (keys.has(scaling) && !keys.string(scaling).equals("none")) {
            throw keys.wrong(scaling, "none: the Kimi-VL family does not stretch positions");
        }
    }

    /// The table's rows count: keys of old files may be missing.
    private int vocabSize() {
        GgufTensor table =
                file.tensor("token_embd.weight")
                        .orElseThrow(() ->
                                new ModelFormatException(
                                        "%s: no tensor token_embd.weight; want a whole decoder: take another file"
                                                .formatted(file.path().getFileName())));
        String vocabulary = key("vocab_size");
        long rows = table.shape()[0];
        if (keys.has(vocabulary) && keys.integer(vocabulary) != rows) {
            throw keys.wrong(vocabulary, "%d, the rows of token_embd.weight".formatted(rows));
        }
        if (rows > MAX_TOKENS) {
            throw new ModelFormatException(
                    "%s: tensor token_embd.weight has %,d rows; want at most %,d"
                            .formatted(file.path().getFileName(), rows, MAX_TOKENS));
        }
        return (int) rows;
    }

    private int positive(String name) {
        return positive(name, MAX_SIZE);
    }

    private int positive(String name, int most) {
        return positive(keys, key(name), most);
    }

    static int positive(GgufMetadata keys, String key, int most) {
        long value = keys.integer(key);
        if (value < 1 || value > most) {
            throw keys.wrong(key, "an integer from 1 to %,d".formatted(most));
        }
        return (int) value;
    }

    /// Newer files may say 0 for what there is none of.
    private int orNone(String name, String setting, int absent) {
        if (!keys.has(key(name))) {
            return family.take(setting, absent);
        }
        return keys.integer(key(name)) == 0 ? 0 : positive(name, MAX_COUNT);
    }

    private int groups(String name, String setting) {
        return Math.max(1, orNone(name, setting, 1));
    }

    private static String key(String name) {
        return ARCHITECTURE + "." + name;
    }
}
