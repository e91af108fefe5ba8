package io.moonglass.engine;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.RotaryAngles;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Multi-head latent attention over the paged cache.
///
/// Source: DeepSeek-V2 report (arXiv 2405.04434), section 2.1; both forms give the same result.
final class LatentAttention {

    /// Rows that a thread rotates and stores at a time.
    private static final int PIECE_ROWS = 8;

    private final TextConfig config;
    private final KvCache cache;
    private final ThreadTeam team;
    private final ExpandedAttention expanded;
    private final AbsorbedAttention absorbed;

    LatentAttention(TextConfig config, KvCache cache, ThreadTeam team) {
        this.config = config;
        this.cache = cache;
        this.team = team;
        this.expanded = new ExpandedAttention(config, cache, team);
        this.absorbed = new AbsorbedAttention(config, cache, team);
    }

    /// @param x      `[numTokens, hiddenSize]`, normalised
    /// @param angles one row per row of `x`
    /// @param out    `[numTokens, hiddenSize]`
    void forward(
            int layer,
            AttentionWeights weights,
            FloatMatrix x,
            List<Chunk> chunks,
            RotaryAngles angles,
            FloatMatrix out,
            Workspace workspace,
            DecoderObserver observer) {
        int numTokens = x.numRows();
        try (Workspace.Frame frame = workspace.frame()) {
            FloatMatrix queries = frame.matrix(numTokens, config.numHeads() * config.qkHeadDim());
            LayerInput input = new LayerInput(x, team, frame);
            FloatMatrix cacheRows = frame.matrix(numTokens, config.cacheRowSize());
            Kernels.linear(
                    input,
                    List.of(weights.query(), weights.latentAndKey()),
                    List.of(queries, cacheRows),
                    team);
            team.runRows(
                    numTokens,
                    PIECE_ROWS,
                    (first, count) -> {
                        for (int row = first; row < first + count; row++) {
                            rotateQueries(queries, row, angles);
                            normalizeAndRotate(cacheRows, row, weights.latentNorm(), angles);
                        }
                        store(layer, chunks, cacheRows, first, count);
                    });
            observer.cacheRows(layer, cacheRows);

            FloatMatrix attended = frame.matrix(numTokens, config.numHeads() * config.vHeadDim());
            List<Chunk> generated = new ArrayList<>();
            for (Chunk chunk : chunks) {
                switch (chunk.form()) {
                    case EXPANDED ->
                            expanded.attend(
                                    layer,
                                    weights.expansion(),
                                    queries,
                                    chunk,
                                    attended,
                                    workspace);
                    case ABSORBED -> generated.add(chunk);
                }
            }
            absorbed.attend(layer, weights.expansion(), queries, generated, attended, workspace);
            Kernels.linear(new LayerInput(attended, team, frame), weights.output(), out, team);
        }
    }

    private void rotateQueries(FloatMatrix queries, int row, RotaryAngles angles) {
        for (int head = 0; head < config.numHeads(); head++) {
            int column = head * config.qkHeadDim() + config.qkNopeHeadDim();
            Kernels.rotary(queries, row, column, angles, row);
        }
    }

    private void normalizeAndRotate(
            FloatMatrix cacheRows, int row, float[] norm, RotaryAngles angles) {
        int latentSize = config.kvLoraRank();
        MemorySegment values = cacheRows.rows(row, 1).data();
        FloatMatrix latent =
                new FloatMatrix(values.asSlice(0, (long) latentSize * Float.BYTES), 1, latentSize);
        Kernels.rmsNorm(latent, norm, TextConfig.LATENT_NORM_EPS, latent);
        Kernels.rotary(cacheRows, row, latentSize, angles, row);
    }

    /// Puts rows `[first, first + count)` of the step where their tokens are in the cache.
    private void store(int layer, List<Chunk> chunks, FloatMatrix cacheRows, int first, int count) {
        for (Chunk chunk : chunks) {
            int from = Math.max(first, chunk.firstRow());
            int to = Math.min(first + count, chunk.firstRow() + chunk.numTokens());
            for (int row = from; row < to; row++) {
                int position = chunk.firstPosition() + row - chunk.firstRow();
                int block = chunk.blocks().block(position / KvCache.BLOCK_SIZE);
                cache.put(layer, block, position % KvCache.BLOCK_SIZE, cacheRows, row);
            }
        }
    }
}
