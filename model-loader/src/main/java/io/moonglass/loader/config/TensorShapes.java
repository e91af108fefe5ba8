package io.moonglass.loader.config;

import io.moonglass.loader.fault.ConfigException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/// The tensors that config.json asks for, and their shapes, by their names in the released checkpoints.
public final class TensorShapes {

    /// Ten times as many as the largest models of the architecture have: no more is listed for a file that lies.
    private static final long MAX_TENSORS = 1_000_000;

    private final BiConsumer<String, long[]> each;

    private TensorShapes(BiConsumer<String, long[]> each) {
        this.each = each;
    }

    /// By tensor name, in the order in which they are computed with.
    ///
    /// @throws ConfigException if there are more than any model has
    public static Map<String, long[]> of(ModelConfig config) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        forEach(config, shapes::put);
        return shapes;
    }

    /// Tells of one after the other, so that who misses the first need not hear of the rest.
    ///
    /// @param each given name and shape
    /// @throws ConfigException if there are more than any model has
    public static void forEach(ModelConfig config, BiConsumer<String, long[]> each) {
        checkCount(config);
        TensorShapes tensors = new TensorShapes(each);
        config.vision().ifPresent(vision -> tensors.addVision(vision, config.text().hiddenSize()));
        tensors.addDecoder(config.languagePrefix(), config.text());
    }

    /// A layer has ten tensors and three for each expert, one of MoonViT twelve.
    private static void checkCount(ModelConfig config) {
        TextConfig text = config.text();
        int numVisionLayers = config.vision().map(VisionConfig::numLayers).orElse(0);
        double most = text.numLayers() * (10 + 3.0 * text.numExperts()) + 12.0 * numVisionLayers;
        if (most > MAX_TENSORS) {
            throw new ConfigException(
                    "config.json: %,d layers of %,d experts and %,d of MoonViT have more than %,d tensors; want the sizes of a model of the family"
                            .formatted(
                                    text.numLayers(),
                                    text.numExperts(),
                                    numVisionLayers,
                                    MAX_TENSORS));
        }
    }

    private void addVision(VisionConfig vision, int textHiddenSize) {
        int hiddenSize = vision.hiddenSize();
        String tower = "vision_tower.";
        int patchSize = vision.patchSize();
        addWithBias(tower + "patch_embed.proj", hiddenSize, 3, patchSize, patchSize);
        add(
                tower + "patch_embed.pos_emb.weight",
                vision.positionRows(),
                vision.positionColumns(),
                hiddenSize);
        for (int i = 0; i < vision.numLayers(); i++) {
            String block = tower + "encoder.blocks." + i + ".";
            addWithBias(block + "norm0", hiddenSize);
            addWithBias(block + "norm1", hiddenSize);
            addWithBias(block + "wqkv", 3 * hiddenSize, hiddenSize);
            addWithBias(block + "wo", hiddenSize, hiddenSize);
            addWithBias(block + "mlp.fc0", vision.intermediateSize(), hiddenSize);
            addWithBias(block + "mlp.fc1", hiddenSize, vision.intermediateSize());
        }
        addWithBias(tower + "encoder.final_layernorm", hiddenSize);
        int mergedSize = hiddenSize * vision.patchesPerToken();
        addWithBias("multi_modal_projector.pre_norm", hiddenSize);
        addWithBias("multi_modal_projector.linear_1", mergedSize, mergedSize);
        addWithBias("multi_modal_projector.linear_2", textHiddenSize, mergedSize);
    }

    private void addDecoder(String prefix, TextConfig text) {
        add(prefix + "model.embed_tokens.weight", text.vocabSize(), text.hiddenSize());
        for (int i = 0; i < text.numLayers(); i++) {
            String layer = prefix + "model.layers." + i + ".";
            add(layer + "input_layernorm.weight", text.hiddenSize());
            add(layer + "post_attention_layernorm.weight", text.hiddenSize());
            addAttention(layer + "self_attn.", text);
            if (text.isSparse(i)) {
                addExperts(layer + "mlp.", text);
            } else {
                addFeedForward(layer + "mlp.", text.hiddenSize(), text.intermediateSize());
            }
        }
        add(prefix + "model.norm.weight", text.hiddenSize());
        if (!text.tieWordEmbeddings()) {
            add(prefix + "lm_head.weight", text.vocabSize(), text.hiddenSize());
        }
    }

    private void addAttention(String attention, TextConfig text) {
        int numHeads = text.numHeads();
        add(attention + "q_proj.weight", numHeads * text.qkHeadDim(), text.hiddenSize());
        add(attention + "kv_a_proj_with_mqa.weight", text.cacheRowSize(), text.hiddenSize());
        add(attention + "kv_a_layernorm.weight", text.kvLoraRank());
        add(
                attention + "kv_b_proj.weight",
                numHeads * (text.qkNopeHeadDim() + text.vHeadDim()),
                text.kvLoraRank());
        add(attention + "o_proj.weight", text.hiddenSize(), numHeads * text.vHeadDim());
    }

    private void addExperts(String mlp, TextConfig text) {
        add(mlp + "gate.weight", text.numExperts(), text.hiddenSize());
        add(mlp + "gate.e_score_correction_bias", text.numExperts());
        for (int i = 0; i < text.numExperts(); i++) {
            addFeedForward(
                    mlp + "experts." + i + ".", text.hiddenSize(), text.moeIntermediateSize());
        }
        if (text.numSharedExperts() > 0) {
            addFeedForward(
                    mlp + "shared_experts.",
                    text.hiddenSize(),
                    text.numSharedExperts() * text.moeIntermediateSize());
        }
    }

    private void addFeedForward(String mlp, int hiddenSize, int intermediateSize) {
        add(mlp + "gate_proj.weight", intermediateSize, hiddenSize);
        add(mlp + "up_proj.weight", intermediateSize, hiddenSize);
        add(mlp + "down_proj.weight", hiddenSize, intermediateSize);
    }

    /// A weight and its bias, which is as long as the weight's first dimension.
    private void addWithBias(String module, int... shape) {
        add(module + ".weight", shape);
        add(module + ".bias", shape[0]);
    }

    private void add(String name, int... shape) {
        each.accept(name, Arrays.stream(shape).asLongStream().toArray());
    }
}
