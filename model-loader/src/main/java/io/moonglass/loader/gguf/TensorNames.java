package io.moonglass.loader.gguf;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What tensors of a checkpoint are called in GGUF, where one tensor is one there. Not here: `kv_b_proj`, which newer
/// files hold in two parts, routed experts, which are stacked, and `wqkv`, which is cut in three.
final class TensorNames {

    private static final Pattern LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\.(.+)");
    private static final Pattern BLOCK =
            Pattern.compile("vision_tower\\.encoder\\.blocks\\.(\\d+)\\.(.+)");

    private static final Map<String, String> DECODER =
            Map.of(
                    "model.embed_tokens.weight", "token_embd.weight",
                    "model.norm.weight", "output_norm.weight",
                    "lm_head.weight", "output.weight");

    private static final Map<String, String> IN_LAYER = new LinkedHashMap<>();
    private static final Map<String, String> VISION = new LinkedHashMap<>();
    private static final Map<String, String> IN_BLOCK = new LinkedHashMap<>();

    static {
        IN_LAYER.put("input_layernorm.weight", "attn_norm.weight");
        IN_LAYER.put("post_attention_layernorm.weight", "ffn_norm.weight");
        IN_LAYER.put("self_attn.q_proj.weight", "attn_q.weight");
        IN_LAYER.put("self_attn.kv_a_proj_with_mqa.weight", "attn_kv_a_mqa.weight");
        IN_LAYER.put("self_attn.kv_a_layernorm.weight", "attn_kv_a_norm.weight");
        IN_LAYER.put("self_attn.o_proj.weight", "attn_output.weight");
        IN_LAYER.put("mlp.gate.weight", "ffn_gate_inp.weight");
        IN_LAYER.put("mlp.gate.e_score_correction_bias", "exp_probs_b.bias");
        for (String part : new String[] {"gate", "up", "down"}) {
            IN_LAYER.put("mlp." + part + "_proj.weight", "ffn_" + part + ".weight");
            IN_LAYER.put(
                    "mlp.shared_experts." + part + "_proj.weight", "ffn_" + part + "_shexp.weight");
        }
        withBias(VISION, "vision_tower.patch_embed.proj", "v.patch_embd");
        VISION.put("vision_tower.patch_embed.pos_emb.weight", "v.position_embd.weight");
        withBias(VISION, "vision_tower.encoder.final_layernorm", "v.post_ln");
        withBias(VISION, "multi_modal_projector.pre_norm", "mm.input_norm");
        withBias(VISION, "multi_modal_projector.linear_1", "mm.1");
        withBias(VISION, "multi_modal_projector.linear_2", "mm.2");
        withBias(IN_BLOCK, "norm0", "ln1");
        withBias(IN_BLOCK, "norm1", "ln2");
        withBias(IN_BLOCK, "wo", "attn_out");
        withBias(IN_BLOCK, "mlp.fc0", "ffn_up");
        withBias(IN_BLOCK, "mlp.fc1", "ffn_down");
    }

    private TensorNames() {}

    /// Whether a checkpoint's tensor is of MoonViT or the projector.
    static boolean isVision(String name) {
        return name.startsWith("vision_tower.") || name.startsWith("multi_modal_projector.");
    }

    /// Of a tensor of the decoder.
    ///
    /// @param name without `language_model.`
    static Optional<String> decoder(String name) {
        return find(name, DECODER, LAYER, IN_LAYER, "blk.");
    }

    /// Of a tensor of MoonViT or the projector.
    static Optional<String> vision(String name) {
        return find(name, VISION, BLOCK, IN_BLOCK, "v.blk.");
    }

    private static Optional<String> find(
            String name,
            Map<String, String> whole,
            Pattern layer,
            Map<String, String> inLayer,
            String prefix) {
        Matcher matcher = layer.matcher(name);
        return matcher.matches()
                ? Optional.ofNullable(inLayer.get(matcher.group(2)))
                        .map(rest -> prefix + matcher.group(1) + "." + rest)
                : Optional.ofNullable(whole.get(name));
    }

    private static void withBias(Map<String, String> names, String module, String stored) {
        names.put(module + ".weight", stored + ".weight");
        names.put(module + ".bias", stored + ".bias");
    }
}
