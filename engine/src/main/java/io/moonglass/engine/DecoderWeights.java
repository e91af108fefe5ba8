package io.moonglass.engine;

import io.moonglass.engine.LayerWeights.LayerFeedForward;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.TextConfig;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.RowFile;
import io.moonglass.router.FeedForward;
import io.moonglass.router.Router;
import io.moonglass.router.SparseFeedForward;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.Weight;
import io.moonglass.tensor.WeightMatrix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The decoder's weights as views of a checkpoint's files; only norms and biases are copied.
/// Valid while the checkpoint is open.
///
/// @param embedding `[vocabSize, hiddenSize]`
/// @param head      `[vocabSize, hiddenSize]`
public record DecoderWeights(
        TextConfig config,
        RowFile embedding,
        List<LayerWeights> layers,
        float[] finalNorm,
        Weight head) {

    /// The only place that knows how the decoder's tensors are named on disk.
    ///
    /// @throws io.moonglass.loader.fault.ModelFormatException if a tensor is missing or its shape or
    ///     element type is not what config.json makes it
    public static DecoderWeights from(Checkpoint checkpoint) {
        ModelConfig config = checkpoint.config();
        return new Reader(checkpoint, config.text(), config.languagePrefix()).read();
    }

    private record Reader(Checkpoint checkpoint, TextConfig config, String prefix) {

        DecoderWeights read() {
            List<LayerWeights> layers = new ArrayList<>();
            for (int layer = 0; layer < config.numLayers(); layer++) {
                layers.add(layer(layer, prefix + "model.layers." + layer + "."));
            }
            String embedding = prefix + "model.embed_tokens.weight";
            return new DecoderWeights(
                    config,
                    checkpoint.rows(embedding, config.vocabSize(), config.hiddenSize()),
                    List.copyOf(layers),
                    vector(prefix + "model.norm.weight", config.hiddenSize()),
                    weight(
                            config.tieWordEmbeddings() ? embedding : prefix + "lm_head.weight",
                            config.vocabSize(),
                            config.hiddenSize()));
        }

        private LayerWeights layer(int layer, String name) {
            return new LayerWeights(
                    vector(name + "input_layernorm.weight", config.hiddenSize()),
                    attention(name + "self_attn."),
                    vector(name + "post_attention_layernorm.weight", config.hiddenSize()),
                    config.isSparse(layer)
                            ? new LayerFeedForward.Sparse(sparse(name + "mlp."))
                            : new LayerFeedForward.Dense(
                                    feedForward(name + "mlp.", config.intermediateSize())));
        }

        private AttentionWeights attention(String name) {
            int hiddenSize = config.hiddenSize();
            int numHeads = config.numHeads();
            return new AttentionWeights(
                    weight(name + "q_proj.weight", numHeads * config.qkHeadDim(), hiddenSize),
                    weight(name + "kv_a_proj_with_mqa.weight", config.cacheRowSize(), hiddenSize),
                    vector(name + "kv_a_layernorm.weight", config.kvLoraRank()),
                    expansion(name),
                    weight(name + "o_proj.weight", hiddenSize, numHeads * config.vHeadDim()));
        }

        private LatentExpansion expansion(String name) {
            int numHeads = config.numHeads();
            int rank = config.kvLoraRank();
            Optional<PanelMatrix> keys =
                    checkpoint.panels(
                            name + "k_b_proj.weight", numHeads * rank, config.qkNopeHeadDim());
            int numRows = numHeads * (config.qkNopeHeadDim() + config.vHeadDim());
            Optional<PanelMatrix> joined =
                    checkpoint.panels(name + "kv_b_proj.weight", numRows, rank);
            if (keys.isPresent() && joined.isPresent()) {
                return new LatentExpansion.Panels(config, keys.get(), joined.get());
            }
            return new LatentExpansion.Rows(
                    config, matrix(name + "kv_b_proj.weight", numRows, rank));
        }

        private SparseFeedForward sparse(String name) {
            List<FeedForward> experts = new ArrayList<>();
            for (int expert = 0; expert < config.numExperts(); expert++) {
                experts.add(
                        feedForward(
                                name + "experts." + expert + ".", config.moeIntermediateSize()));
            }
            int sharedSize = config.numSharedExperts() * config.moeIntermediateSize();
            return new SparseFeedForward(
                    new Router(
                            matrix(name + "gate.weight", config.numExperts(), config.hiddenSize()),
                            vector(name + "gate.e_score_correction_bias", config.numExperts()),
                            config),
                    experts,
                    sharedSize == 0
                            ? Optional.empty()
                            : Optional.of(feedForward(name + "shared_experts.", sharedSize)));
        }

        private FeedForward feedForward(String name, int intermediateSize) {
            return new FeedForward(
                    weight(name + "gate_proj.weight", intermediateSize, config.hiddenSize()),
                    weight(name + "up_proj.weight", intermediateSize, config.hiddenSize()),
                    weight(name + "down_proj.weight", config.hiddenSize(), intermediateSize));
        }

        private Weight weight(String name, int numRows, int numColumns) {
            return checkpoint.weight(name, numRows, numColumns);
        }

        private WeightMatrix matrix(String name, int numRows, int numColumns) {
            return checkpoint.tensor(name).matrix(numRows, numColumns);
        }

        private float[] vector(String name, int length) {
            return checkpoint.tensor(name).vector(length);
        }
    }
}
