package io.moonglass.loader.onnx;

import static io.moonglass.loader.onnx.GraphBuilder.attribute;

import ai.onnx.proto.OnnxMl.AttributeProto;
import io.moonglass.loader.config.VisionConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.StoredTensor;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.WeightMatrix;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// MoonViT and the projector as an ONNX graph, made from the checkpoint's own tensors under their own
/// names (Kimi-VL report, arXiv 2504.07491); quantised ones are widened. One run encodes one picture of any size, so attention
/// needs no mask.
///
/// What depends on the grid but on no weight comes in as tables, so that it can be computed in double
/// precision outside:
///
/// | input | shape |
/// |---|---|
/// | [#PATCHES] | `[numPatches, 3 * patchSize * patchSize]`, in channel, row, column order |
/// | [#ROW_WEIGHTS] | `[gridHeight, positionRows]`: how table rows make grid rows |
/// | [#COLUMN_WEIGHTS] | `[gridWidth, positionColumns]` |
/// | [#ROTARY_COS], [#ROTARY_SIN] | `[numPatches, headDim / 2]`, one angle per adjacent pair |
///
/// The output [#PROJECTED] is `[numPatches / 4, hidden size of the decoder]`.
public final class VisionGraph {

    public static final String PATCHES = "patches";
    public static final String ROW_WEIGHTS = "row_weights";
    public static final String COLUMN_WEIGHTS = "column_weights";
    public static final String ROTARY_COS = "rotary_cos";
    public static final String ROTARY_SIN = "rotary_sin";
    public static final String PROJECTED = "projected";

    private static final String GRAPH_FILE = "moonvit.onnx";
    private static final String WEIGHT_FILE = "moonvit.onnx.data";
    private static final String TOWER = "vision_tower.";
    private static final String PROJECTOR = "multi_modal_projector.";

    private final Checkpoint checkpoint;
    private final VisionConfig vision;
    private final int decoderHiddenSize;
    private final WeightFile weights;
    private final GraphBuilder graph = new GraphBuilder("moonvit");

    private VisionGraph(Checkpoint checkpoint, WeightFile weights) {
        this.checkpoint = checkpoint;
        this.vision = visionConfig(checkpoint);
        this.decoderHiddenSize = checkpoint.config().text().hiddenSize();
        this.weights = weights;
    }

    /// Writes the graph and, beside it, its weights in float32.
    ///
    /// @param directory         an existing folder that holds neither file yet and that nobody else
    ///                          writes to meanwhile
    /// @param withIntermediates also give out what [#outputs] names besides [#PROJECTED]
    /// @return the graph's file; the weights must stay beside it
    /// @throws ConfigException if the checkpoint has no vision part, or the files cannot be written
    /// @throws io.moonglass.loader.fault.ModelFormatException if a tensor is missing or misshapen
    public static Path write(Checkpoint checkpoint, Path directory, boolean withIntermediates) {
        Path file = directory.resolve(GRAPH_FILE);
        try (WeightFile weights = new WeightFile(directory.resolve(WEIGHT_FILE));
                OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW)) {
            VisionGraph moonVit = new VisionGraph(checkpoint, weights);
            moonVit.build(withIntermediates);
            moonVit.graph.build().writeTo(out);
            return file;
        } catch (IOException e) {
            throw new ConfigException(
                    "%s: the picture encoder's graph cannot be written there (%s); want a folder of its own with room for the vision part in float32"
                            .formatted(directory, e),
                    e);
        }
    }

    /// The outputs of a graph with this many layers, in the order of the computation.
    public static List<String> outputs(VisionConfig vision, boolean withIntermediates) {
        if (!withIntermediates) {
            return List.of(PROJECTED);
        }
        List<String> names = new ArrayList<>(List.of("pos_emb", "embed"));
        for (int layer = 0; layer < vision.numLayers(); layer++) {
            names.add("block." + layer);
        }
        names.addAll(List.of("final_norm", "merged", PROJECTED));
        return List.copyOf(names);
    }

    private void build(boolean withIntermediates) throws IOException {
        int hiddenSize = vision.hiddenSize();
        String patches = graph.input(PATCHES, "numPatches", vision.patchLength());
        graph.input(ROW_WEIGHTS, "gridHeight", vision.positionRows());
        graph.input(COLUMN_WEIGHTS, "gridWidth", vision.positionColumns());
        graph.input(ROTARY_COS, "numPatches", vision.headDim() / 2);
        graph.input(ROTARY_SIN, "numPatches", vision.headDim() / 2);

        String x = embed(patches);
        for (int layer = 0; layer < vision.numLayers(); layer++) {
            x = block(layer, x);
        }
        x = layerNorm("final_norm", x, TOWER + "encoder.final_layernorm", hiddenSize);
        project(merge(x));

        for (String name : outputs(vision, withIntermediates)) {
            switch (name) {
                case PROJECTED -> graph.output(name, "numTokens", decoderHiddenSize);
                case "merged" ->
                        graph.output(name, "numTokens", vision.patchesPerToken(), hiddenSize);
                default -> graph.output(name, "numPatches", hiddenSize);
            }
        }
    }

    /// Patch projection plus the learned position table, resampled along each axis.
    private String embed(String patches) throws IOException {
        int hiddenSize = vision.hiddenSize();
        int patchSize = vision.patchSize();
        StoredTensor kernel = checkpoint.tensor(TOWER + "patch_embed.proj.weight");
        kernel.checkShape(hiddenSize, 3, patchSize, patchSize);
        String projected =
                gemm(
                        "patch_embed",
                        patches,
                        graph.weight(weights.append(kernel, hiddenSize, vision.patchLength())),
                        weight(TOWER + "patch_embed.proj.bias", hiddenSize));

        int rows = vision.positionRows();
        String table =
                weight(
                        TOWER + "patch_embed.pos_emb.weight",
                        rows,
                        vision.positionColumns(),
                        hiddenSize);
        String wide = graph.node("pos_emb.columns", "MatMul", COLUMN_WEIGHTS, table);
        String flat = reshape("pos_emb.flat", wide, rows, -1);
        String resampled = graph.node("pos_emb.rows", "MatMul", ROW_WEIGHTS, flat);
        String positions = reshape("pos_emb", resampled, -1, hiddenSize);
        return graph.node("embed", "Add", projected, positions);
    }

    /// Pre-norm transformer block.
    private String block(int layer, String x) throws IOException {
        String name = "block." + layer;
        String stored = TOWER + "encoder.blocks." + layer + ".";
        int hiddenSize = vision.hiddenSize();
        int intermediateSize = vision.intermediateSize();

        String normed = layerNorm(name + ".norm0", x, stored + "norm0", hiddenSize);
        String attended = attention(name, normed, stored);
        String output = linear(name + ".wo", attended, stored + "wo", hiddenSize, hiddenSize);
        String middle = graph.node(name + ".middle", "Add", x, output);

        normed = layerNorm(name + ".norm1", middle, stored + "norm1", hiddenSize);
        String wide =
                linear(name + ".fc0", normed, stored + "mlp.fc0", intermediateSize, hiddenSize);
        String active =
                graph.node(name + ".gelu", "Gelu", List.of(attribute("approximate", "tanh")), wide);
        String narrow =
                linear(name + ".fc1", active, stored + "mlp.fc1", hiddenSize, intermediateSize);
        return graph.node(name, "Add", middle, narrow);
    }

    /// Full attention over one picture. The fused operator works in tiles, so its memory grows with
    /// the number of patches and not with its square.
    private String attention(String name, String normed, String stored) throws IOException {
        int hiddenSize = vision.hiddenSize();
        String qkv = linear(name + ".qkv", normed, stored + "wqkv", 3 * hiddenSize, hiddenSize);
        List<String> parts = List.of(name + ".q", name + ".k", name + ".v");
        graph.nodes(
                parts, "Split", List.of(attribute("axis", 1), attribute("num_outputs", 3)), qkv);
        String attended =
                graph.microsoft(
                        name + ".attended",
                        "MultiHeadAttention",
                        List.of(attribute("num_heads", vision.numHeads())),
                        rotate(batch(parts.get(0))),
                        rotate(batch(parts.get(1))),
                        batch(parts.get(2)));
        return reshape(attended + ".rows", attended, -1, hiddenSize);
    }

    private String batch(String rows) {
        return graph.node(rows + ".batch", "Unsqueeze", rows, graph.integers(0));
    }

    /// Turns adjacent pairs; row `i` of the tables belongs to patch `i`.
    private String rotate(String x) {
        return graph.microsoft(
                x + ".rotated",
                "RotaryEmbedding",
                List.of(attribute("interleaved", 1), attribute("num_heads", vision.numHeads())),
                x,
                graph.integers(0),
                ROTARY_COS,
                ROTARY_SIN);
    }

    /// Cuts the grid in 2x2 cells, row-major, and puts a cell's four vectors side by side.
    private String merge(String x) {
        int side = vision.mergeSize();
        int hiddenSize = vision.hiddenSize();
        List<AttributeProto> first = List.of(attribute("start", 0), attribute("end", 1));
        String gridWidth = graph.node("grid_width", "Shape", first, COLUMN_WEIGHTS);
        String cellsAcross = graph.node("cells_across", "Div", gridWidth, graph.integers(side));
        String shape =
                graph.node(
                        "merge.shape",
                        "Concat",
                        List.of(attribute("axis", 0)),
                        graph.integers(-1, side),
                        cellsAcross,
                        graph.integers(side, hiddenSize));
        String cut = graph.node("merge.cut", "Reshape", x, shape);
        String cells =
                graph.node(
                        "merge.cells",
                        "Transpose",
                        List.of(attribute("perm", List.of(0L, 2L, 1L, 3L, 4L))),
                        cut);
        return reshape("merged", cells, -1, vision.patchesPerToken(), hiddenSize);
    }

    private void project(String merged) throws IOException {
        int hiddenSize = vision.hiddenSize();
        int cellSize = vision.patchesPerToken() * hiddenSize;
        String normed = layerNorm("projector.norm", merged, PROJECTOR + "pre_norm", hiddenSize);
        String cells = reshape("projector.cells", normed, -1, cellSize);
        String wide = linear("projector.wide", cells, PROJECTOR + "linear_1", cellSize, cellSize);
        String active =
                graph.node(
                        "projector.gelu", "Gelu", List.of(attribute("approximate", "none")), wide);
        linear(PROJECTED, active, PROJECTOR + "linear_2", decoderHiddenSize, cellSize);
    }

    private String layerNorm(String output, String x, String stored, int size) throws IOException {
        return graph.node(
                output,
                "LayerNormalization",
                List.of(attribute("axis", -1), attribute("epsilon", VisionConfig.LAYER_NORM_EPS)),
                x,
                weight(stored + ".weight", size),
                weight(stored + ".bias", size));
    }

    private String linear(String output, String x, String stored, int out, int in)
            throws IOException {
        String name = stored + ".weight";
        String weight =
                switch (checkpoint.weight(name, out, in)) {
                    case PanelMatrix panels -> graph.weight(weights.append(name, panels));
                    case WeightMatrix _ -> weight(name, out, in);
                };
        return gemm(output, x, weight, weight(stored + ".bias", out));
    }

    private String gemm(String output, String x, String weight, String bias) {
        return graph.node(output, "Gemm", List.of(attribute("transB", 1)), x, weight, bias);
    }

    private String reshape(String output, String x, long... shape) {
        return graph.node(output, "Reshape", x, graph.integers(shape));
    }

    private String weight(String name, long... shape) throws IOException {
        StoredTensor tensor = checkpoint.tensor(name);
        tensor.checkShape(shape);
        return graph.weight(weights.append(tensor, shape));
    }

    private static VisionConfig visionConfig(Checkpoint checkpoint) {
        return checkpoint
                .config()
                .vision()
                .orElseThrow(() ->
                        new ConfigException(
                                "config.json: model_type %s has no vision_config, so it reads no pictures; want a kimi_vl checkpoint"
                                        .formatted(checkpoint.config().modelType())));
    }
}
