package io.moonglass.engine;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.HeadAttention;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.WeightMatrix;
import io.moonglass.tensor.Workspace;

/// Attention of generated tokens: each head's query is taken into the latent space, where all heads
/// share the cache rows, and only the weighted sum of latents is taken out to values.
///
/// A long context is split into stretches of [#SPLIT_TOKENS] tokens, whoever computes them, and their
/// results are merged in order, so the sums do not depend on the team.
///
/// Source: DeepSeek-V2 report (arXiv 2405.04434), section 2.1.2; Dao et al. 2023, "Flash-Decoding".
final class AbsorbedAttention {

    private static final int HEADS = HeadAttention.HEADS;
    private static final int SPLIT_TOKENS = 1024;
    private static final int BLOCKS_PER_SPLIT = SPLIT_TOKENS / KvCache.BLOCK_SIZE;

    private final TextConfig config;
    private final KvCache cache;
    private final ThreadTeam team;
    private final float scale;

    AbsorbedAttention(TextConfig config, KvCache cache, ThreadTeam team) {
        this.config = config;
        this.cache = cache;
        this.team = team;
        this.scale = (float) (1 / Math.sqrt(config.qkHeadDim()));
    }

    /// @param queries  `[rows of the step, numHeads * qkHeadDim]`, rotated
    /// @param attended `[rows of the step, numHeads * vHeadDim]`; the chunk's rows are written
    void attend(
            int layer,
            AttentionWeights weights,
            FloatMatrix queries,
            Chunk chunk,
            FloatMatrix attended,
            Workspace workspace) {
        for (int i = 0; i < chunk.numTokens(); i++) {
            int row = chunk.firstRow() + i;
            int numKeys = chunk.firstPosition() + i + 1;
            try (Workspace.Frame frame = workspace.frame()) {
                FloatMatrix latentQueries = latentQueries(weights, queries, row, frame);
                FloatMatrix latentSums =
                        latentSums(layer, chunk.blocks(), latentQueries, numKeys, frame);
                takeOut(weights, latentSums, attended, row, frame);
            }
        }
    }

    /// `[numHeads, cacheRowSize]`: per head `U_hᵀ q_n`, then `q_r`, scaled.
    private FloatMatrix latentQueries(
            AttentionWeights weights, FloatMatrix queries, int row, Workspace.Frame frame) {
        int nope = config.qkNopeHeadDim();
        FloatMatrix latentQueries = frame.zeros(config.numHeads(), config.cacheRowSize());
        FloatMatrix query = frame.matrix(1, nope);
        for (int head = 0; head < config.numHeads(); head++) {
            int column = head * config.qkHeadDim();
            for (int i = 0; i < nope; i++) {
                query.set(0, i, queries.get(row, column + i) * scale);
            }
            Kernels.addTransposedLinear(
                    query,
                    weights.keyValue().rows(firstRow(head), nope),
                    config.kvLoraRank(),
                    latentQueries.rows(head, 1),
                    0);
            for (int i = 0; i < config.qkRopeHeadDim(); i++) {
                latentQueries.set(
                        head, config.kvLoraRank() + i, queries.get(row, column + nope + i) * scale);
            }
        }
        return latentQueries;
    }

    /// `[at least numHeads, kvLoraRank]`: per head the softmax-weighted sum of the first `numKeys` latents.
    private FloatMatrix latentSums(
            int layer,
            BlockTable blocks,
            FloatMatrix latentQueries,
            int numKeys,
            Workspace.Frame frame) {
        int numGroups = (config.numHeads() + HEADS - 1) / HEADS;
        int numSplits = (numKeys + SPLIT_TOKENS - 1) / SPLIT_TOKENS;
        FloatMatrix sums = frame.matrix(numSplits * numGroups * HEADS, config.kvLoraRank());
        FloatMatrix totals = frame.matrix(numSplits * numGroups, HEADS);
        FloatMatrix maxima = frame.matrix(numSplits * numGroups, HEADS);
        FloatMatrix[] queries = new FloatMatrix[numGroups];
        for (int group = 0; group < numGroups; group++) {
            queries[group] = headsInColumns(latentQueries, group * HEADS, frame);
        }
        FloatMatrix[] scores = new FloatMatrix[team.size()];
        for (int member = 0; member < scores.length; member++) {
            scores[member] = frame.matrix(KvCache.BLOCK_SIZE, HEADS);
        }
        team.run(
                numSplits * numGroups,
                (piece, member) -> {
                    HeadAttention attention =
                            new HeadAttention(
                                    queries[piece % numGroups],
                                    scores[member],
                                    maxima.rows(piece, 1),
                                    totals.rows(piece, 1),
                                    sums.rows(piece * HEADS, HEADS));
                    attention.reset();
                    int firstBlock = piece / numGroups * BLOCKS_PER_SPLIT;
                    int lastBlock =
                            Math.min(firstBlock + BLOCKS_PER_SPLIT, KvCache.blocksFor(numKeys));
                    for (int block = firstBlock; block < lastBlock; block++) {
                        int count =
                                Math.min(KvCache.BLOCK_SIZE, numKeys - block * KvCache.BLOCK_SIZE);
                        FloatMatrix rows = cache.rows(layer, blocks.block(block)).rows(0, count);
                        attention.attend(
                                new WeightMatrix(
                                        rows.data(), ElementType.F32, count, rows.numColumns()));
                    }
                });
        return merged(sums, totals, maxima, numGroups);
    }

    /// Sixteen heads' queries, from `first` on, as columns; zeros for heads that are not there.
    private FloatMatrix headsInColumns(
            FloatMatrix latentQueries, int first, Workspace.Frame frame) {
        FloatMatrix columns = frame.zeros(latentQueries.numColumns(), HEADS);
        for (int head = first; head < Math.min(first + HEADS, config.numHeads()); head++) {
            for (int i = 0; i < latentQueries.numColumns(); i++) {
                columns.set(i, head - first, latentQueries.get(head, i));
            }
        }
        return columns;
    }

    /// The splits' sums brought to a common maximum, added in order, divided by the softmax's sum.
    private FloatMatrix merged(
            FloatMatrix sums, FloatMatrix totals, FloatMatrix maxima, int numGroups) {
        FloatMatrix merged = sums.rows(0, numGroups * HEADS);
        for (int head = 0; head < config.numHeads(); head++) {
            int column = head % HEADS;
            float max = Float.NEGATIVE_INFINITY;
            for (int row = head / HEADS; row < maxima.numRows(); row += numGroups) {
                max = Math.max(max, maxima.get(row, column));
            }
            float total = 0;
            for (int row = head / HEADS; row < maxima.numRows(); row += numGroups) {
                float shrink = (float) Math.exp(maxima.get(row, column) - max);
                total += totals.get(row, column) * shrink;
                if (row < numGroups) {
                    Kernels.scale(merged, head, 0, config.kvLoraRank(), shrink);
                } else {
                    Kernels.addScaled(sums, row * HEADS + column, shrink, merged, head);
                }
            }
            Kernels.scale(merged, head, 0, config.kvLoraRank(), 1 / total);
        }
        return merged;
    }

    /// Per head `V_h u`.
    private void takeOut(
            AttentionWeights weights,
            FloatMatrix latentSums,
            FloatMatrix attended,
            int row,
            Workspace.Frame frame) {
        FloatMatrix value = frame.matrix(1, config.vHeadDim());
        for (int head = 0; head < config.numHeads(); head++) {
            Kernels.linear(
                    latentSums.rows(head, 1),
                    weights.keyValue()
                            .rows(firstRow(head) + config.qkNopeHeadDim(), config.vHeadDim()),
                    value);
            long target = (long) row * attended.numColumns() + (long) head * config.vHeadDim();
            attended.data()
                    .asSlice(target * Float.BYTES, value.data().byteSize())
                    .copyFrom(value.data());
        }
    }

    private int firstRow(int head) {
        return head * (config.qkNopeHeadDim() + config.vHeadDim());
    }
}
