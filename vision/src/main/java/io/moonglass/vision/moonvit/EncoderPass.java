package io.moonglass.vision.moonvit;

import io.moonglass.loader.config.VisionConfig;
import io.moonglass.tensor.Epilogue;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Gelu;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.Workspace;
import io.moonglass.vision.ImagePatches;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// One picture on its way through MoonViT and the projector. Rows go through products in chunks, so
/// that memory is what a patch needs times the number of patches, and little of it.
///
/// Source: Kimi-VL report, arXiv 2504.07491, section 2.1.
final class EncoderPass {

    /// Rows that go through a layer's products together; a multiple of what attention stores at once.
    private static final int CHUNK_ROWS = 1024;

    /// Rows of a piece of a normalisation.
    private static final int NORM_ROWS = 16;

    private final MoonVitWeights weights;
    private final VisionConfig config;
    private final ImagePatches patches;
    private final PacedTeam team;
    private final Workspace workspace;
    private final Stages stages;
    private final int numPatches;

    EncoderPass(
            MoonVitWeights weights,
            ImagePatches patches,
            PacedTeam team,
            Workspace workspace,
            Stages stages) {
        this.weights = weights;
        this.config = weights.config();
        this.patches = patches;
        this.team = team;
        this.workspace = workspace;
        this.stages = stages;
        this.numPatches = patches.numPatches();
    }

    /// @param out `[numTokens, hidden size of the decoder]`
    void run(FloatMatrix out) {
        try (Workspace.Frame frame = workspace.frame()) {
            FloatMatrix x = frame.matrix(numPatches, config.hiddenSize());
            embed(x);
            layers(x);
            norm(x, weights.finalNorm(), x);
            stages.at("final_norm", x);
            FloatMatrix merged = frame.matrix(numPatches, config.hiddenSize());
            merge(x, merged);
            stages.at("merged", merged);
            project(merged, out);
            stages.at("projected", out);
        }
    }

    /// Patch projection plus positions.
    private void embed(FloatMatrix x) {
        PositionTable.resample(config, weights.positions(), patches, x, team, workspace);
        stages.at("pos_emb", x);
        int length = patches.patchLength();
        inChunks(
                numPatches,
                (frame, first, count) -> {
                    FloatMatrix pixels = frame.matrix(count, length);
                    MemorySegment.copy(
                            patches.patches(),
                            first * length,
                            pixels.data(),
                            ValueLayout.JAVA_FLOAT,
                            0,
                            count * length);
                    addProduct(
                            new LayerInput(pixels, team.team(), frame),
                            new Linear(weights.patchEmbedding(), weights.patchBias()),
                            x.rows(first, count),
                            frame);
                });
        stages.at("embed", x);
    }

    private void layers(FloatMatrix x) {
        try (Workspace.Frame frame = workspace.frame()) {
            PictureAttention attention =
                    new PictureAttention(config, patches, weights.attentionType(), team, frame);
            FloatMatrix attended = frame.matrix(numPatches, config.hiddenSize());
            for (int layer = 0; layer < config.numLayers(); layer++) {
                MoonVitWeights.Block block = weights.blocks().get(layer);
                attend(block, attention, x, attended);
                feedForward(block, x);
                stages.at("block." + layer, x);
            }
        }
    }

    /// `x += wo(attention(wqkv(norm0(x))))`.
    private void attend(
            MoonVitWeights.Block block,
            PictureAttention attention,
            FloatMatrix x,
            FloatMatrix attended) {
        inChunks(
                numPatches,
                (frame, first, count) -> {
                    LayerInput normed = normed(x.rows(first, count), block.norm0(), frame);
                    FloatMatrix qkv = frame.matrix(count, 3 * config.hiddenSize());
                    SharedProduct.run(
                            normed,
                            block.qkv().weight(),
                            qkv,
                            team,
                            (_, rows, from, to) ->
                                    Epilogue.addBias(rows, block.qkv().bias(), from, to));
                    attention.store(qkv, first);
                });
        attention.attend(attended);
        inChunks(
                numPatches,
                (frame, first, count) ->
                        addProduct(
                                new LayerInput(attended.rows(first, count), team.team(), frame),
                                block.output(),
                                x.rows(first, count),
                                frame));
    }

    /// `x += fc1(gelu(fc0(norm1(x))))`.
    private void feedForward(MoonVitWeights.Block block, FloatMatrix x) {
        inChunks(
                numPatches,
                (frame, first, count) -> {
                    FloatMatrix rows = x.rows(first, count);
                    FloatMatrix wide = frame.matrix(count, config.intermediateSize());
                    LayerInput normed = normed(rows, block.norm1(), frame);
                    activated(normed, block.fc0(), Gelu.TANH, wide);
                    addProduct(new LayerInput(wide, team.team(), frame), block.fc1(), rows, frame);
                });
    }

    /// Cuts the grid in 2x2 cells, row-major: the four vectors of a cell follow each other.
    private void merge(FloatMatrix x, FloatMatrix merged) {
        int side = config.mergeSize();
        int cellsAcross = patches.gridWidth() / side;
        for (int to = 0; to < numPatches; to++) {
            int cell = to / (side * side);
            int inCell = to % (side * side);
            int row = cell / cellsAcross * side + inCell / side;
            int column = cell % cellsAcross * side + inCell % side;
            int patch = row * patches.gridWidth() + column;
            merged.rows(to, 1).copyFrom(x.rows(patch, 1));
        }
    }

    private void project(FloatMatrix merged, FloatMatrix out) {
        int perToken = config.patchesPerToken();
        int cellSize = perToken * config.hiddenSize();
        inChunks(
                patches.numTokens(),
                (frame, first, count) -> {
                    FloatMatrix rows = merged.rows(first * perToken, count * perToken);
                    norm(rows, weights.preNorm(), rows);
                    FloatMatrix cells = new FloatMatrix(rows.data(), count, cellSize);
                    FloatMatrix wide = frame.matrix(count, cellSize);
                    activated(
                            new LayerInput(cells, team.team(), frame),
                            weights.wide(),
                            Gelu.EXACT,
                            wide);
                    SharedProduct.run(
                            new LayerInput(wide, team.team(), frame),
                            weights.narrow().weight(),
                            out.rows(first, count),
                            team,
                            (_, done, from, to) ->
                                    Epilogue.addBias(done, weights.narrow().bias(), from, to));
                });
    }

    /// `out = gelu(x Wᵀ + b)`.
    private void activated(LayerInput x, Linear linear, Gelu form, FloatMatrix out) {
        SharedProduct.run(
                x,
                linear.weight(),
                out,
                team,
                (_, rows, from, to) -> Epilogue.gelu(form, rows, linear.bias(), from, to));
    }

    /// `out += x Wᵀ + b`.
    private void addProduct(LayerInput x, Linear linear, FloatMatrix out, Workspace.Frame frame) {
        FloatMatrix product = frame.matrix(out.numRows(), out.numColumns());
        SharedProduct.run(
                x,
                linear.weight(),
                product,
                team,
                (first, rows, from, to) -> {
                    FloatMatrix target = out.rows(first, rows.numRows());
                    Epilogue.addBiased(rows, linear.bias(), target, from, to);
                });
    }

    private LayerInput normed(FloatMatrix x, Norm norm, Workspace.Frame frame) {
        FloatMatrix normed = frame.matrix(x.numRows(), x.numColumns());
        norm(x, norm, normed);
        return new LayerInput(normed, team.team(), frame);
    }

    private void norm(FloatMatrix x, Norm norm, FloatMatrix out) {
        team.run(
                (x.numRows() + NORM_ROWS - 1) / NORM_ROWS,
                (piece, _) -> {
                    int first = piece * NORM_ROWS;
                    int count = Math.min(NORM_ROWS, x.numRows() - first);
                    Kernels.layerNorm(
                            x.rows(first, count),
                            norm.weight(),
                            norm.bias(),
                            VisionConfig.LAYER_NORM_EPS,
                            out.rows(first, count));
                });
    }

    private interface Chunk {
        void run(Workspace.Frame frame, int first, int count);
    }

    private void inChunks(int numRows, Chunk chunk) {
        for (int first = 0; first < numRows; first += CHUNK_ROWS) {
            try (Workspace.Frame frame = workspace.frame()) {
                chunk.run(frame, first, Math.min(CHUNK_ROWS, numRows - first));
            }
        }
    }
}
