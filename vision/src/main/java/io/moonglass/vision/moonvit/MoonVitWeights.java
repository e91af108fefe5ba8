package io.moonglass.vision.moonvit;

import io.moonglass.loader.config.VisionConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.StoredTensor;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.WeightMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// MoonViT's and the projector's weights as views of a checkpoint's mapped files; only norms and biases
/// are copied. Valid while the checkpoint is open.
///
/// @param patchEmbedding `[hiddenSize, patchLength]`
/// @param patchBias      `[hiddenSize]`
/// @param positions      `[positionRows * positionColumns, hiddenSize]`, the learned table row by row
/// @param preNorm        of each patch before the projector
/// @param wide           the projector's first layer, `[4 hiddenSize, 4 hiddenSize]`
/// @param narrow         its second, `[hidden size of the decoder, 4 hiddenSize]`
record MoonVitWeights(
        VisionConfig config,
        WeightMatrix patchEmbedding,
        float[] patchBias,
        WeightMatrix positions,
        List<Block> blocks,
        Norm finalNorm,
        Norm preNorm,
        Linear wide,
        Linear narrow) {

    /// A pre-norm transformer block.
    ///
    /// @param qkv `[3 hiddenSize, hiddenSize]`: queries of all heads, keys of all heads, values
    record Block(Norm norm0, Linear qkv, Linear output, Norm norm1, Linear fc0, Linear fc1) {}

    /// The only place that knows how MoonViT's tensors are named on disk, but for the ONNX graph.
    ///
    /// @throws ConfigException if the checkpoint has no vision part
    /// @throws io.moonglass.loader.fault.ModelFormatException if a tensor is missing or its shape or
    ///     element type is not what config.json makes it
    static MoonVitWeights from(Checkpoint checkpoint) {
        VisionConfig config =
                checkpoint
                        .config()
                        .vision()
                        .orElseThrow(() ->
                                new ConfigException(
                                        "config.json: model_type %s has no vision_config, so it reads no pictures; want a kimi_vl checkpoint"
                                                .formatted(checkpoint.config().modelType())));
        return new Reader(checkpoint, config).read();
    }

    /// What attention computes in: rounded weights are worth no exact attention.
    ElementType attentionType() {
        return blocks.getFirst().qkv().weight() instanceof PanelMatrix
                ? ElementType.BF16
                : ElementType.F32;
    }

    private record Reader(Checkpoint checkpoint, VisionConfig config) {

        private static final String TOWER = "vision_tower.";
        private static final String PROJECTOR = "multi_modal_projector.";

        MoonVitWeights read() {
            int hiddenSize = config.hiddenSize();
            int cellSize = config.patchesPerToken() * hiddenSize;
            List<Block> blocks = new ArrayList<>();
            for (int layer = 0; layer < config.numLayers(); layer++) {
                blocks.add(block(TOWER + "encoder.blocks." + layer + "."));
            }
            int patchSize = config.patchSize();
            return new MoonVitWeights(
                    config,
                    matrix(TOWER + "patch_embed.proj.weight", hiddenSize, 3, patchSize, patchSize),
                    vector(TOWER + "patch_embed.proj.bias", hiddenSize),
                    positions(TOWER + "patch_embed.pos_emb.weight"),
                    List.copyOf(blocks),
                    norm(TOWER + "encoder.final_layernorm"),
                    norm(PROJECTOR + "pre_norm"),
                    linear(PROJECTOR + "linear_1", cellSize, cellSize),
                    linear(
                            PROJECTOR + "linear_2",
                            checkpoint.config().text().hiddenSize(),
                            cellSize));
        }

        private Block block(String name) {
            int hiddenSize = config.hiddenSize();
            int intermediateSize = config.intermediateSize();
            return new Block(
                    norm(name + "norm0"),
                    linear(name + "wqkv", 3 * hiddenSize, hiddenSize),
                    linear(name + "wo", hiddenSize, hiddenSize),
                    norm(name + "norm1"),
                    linear(name + "mlp.fc0", intermediateSize, hiddenSize),
                    linear(name + "mlp.fc1", hiddenSize, intermediateSize));
        }

        /// The first dimension makes rows, all others columns.
        private WeightMatrix matrix(String name, int... shape) {
            StoredTensor tensor = checkpoint.tensor(name);
            tensor.checkShape(Arrays.stream(shape).asLongStream().toArray());
            int numColumns = Math.toIntExact(tensor.size() / shape[0]);
            return new WeightMatrix(tensor.data(), tensor.weightType(), shape[0], numColumns);
        }

        private WeightMatrix positions(String name) {
            int numRows = config.positionRows();
            int numColumns = config.positionColumns();
            WeightMatrix table = matrix(name, numRows, numColumns, config.hiddenSize());
            return new WeightMatrix(
                    table.data(), table.type(), numRows * numColumns, config.hiddenSize());
        }

        private Linear linear(String name, int out, int in) {
            return new Linear(
                    checkpoint.weight(name + ".weight", out, in), vector(name + ".bias", out));
        }

        private Norm norm(String name) {
            return new Norm(
                    vector(name + ".weight", config.hiddenSize()),
                    vector(name + ".bias", config.hiddenSize()));
        }

        private float[] vector(String name, int length) {
            return checkpoint.tensor(name).vector(length);
        }
    }
}
