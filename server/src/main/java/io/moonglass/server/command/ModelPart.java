package io.moonglass.server.command;

/// The parts whose sizes an operator asks about.
enum ModelPart {
    VISION_TOWER("MoonViT"),
    PROJECTOR("projector"),
    EMBEDDINGS("embeddings"),
    ATTENTION("attention"),
    DENSE("dense feed-forward"),
    ROUTED_EXPERTS("routed experts"),
    SHARED_EXPERTS("shared experts"),
    ROUTER("router"),
    NORMS("norms"),
    HEAD("output head"),
    OTHER("other");

    private final String label;

    ModelPart(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }

    /// The part that a tensor belongs to, by its name in the released checkpoints.
    static ModelPart of(String tensorName) {
        if (tensorName.startsWith("vision_tower.")) {
            return VISION_TOWER;
        }
        if (tensorName.startsWith("multi_modal_projector.")) {
            return PROJECTOR;
        }
        if (tensorName.contains(".embed_tokens.")) {
            return EMBEDDINGS;
        }
        if (tensorName.contains(".self_attn.")) {
            return ATTENTION;
        }
        if (tensorName.contains(".mlp.experts.")) {
            return ROUTED_EXPERTS;
        }
        if (tensorName.contains(".mlp.shared_experts.")) {
            return SHARED_EXPERTS;
        }
        if (tensorName.contains(".mlp.gate.")) {
            return ROUTER;
        }
        if (tensorName.contains(".mlp.")) {
            return DENSE;
        }
        if (tensorName.contains("norm.")) {
            return NORMS;
        }
        return tensorName.endsWith("lm_head.weight") ? HEAD : OTHER;
    }
}
