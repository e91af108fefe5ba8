package io.moonglass.engine;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.FloatMatrix;
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

    /// `[numHeads, kvLoraRank]`: per head the softmax-weighted sum of the first `numKeys` latents.
    private FloatMatrix latentSums(
            int layer,
            BlockTable blocks,
            FloatMatrix latentQueries,
            int numKeys,
            Workspace.Frame frame) {
        int numHeads = config.numHeads();
        int numSplits = (numKeys + SPLIT_TOKENS - 1) / SPLIT_TOKENS;
        FloatMatrix sums = frame.matrix(numSplits * numHeads, config.kvLoraRank());
        FloatMatrix totals = frame.matrix(numSplits, numHeads);
        FloatMatrix maxima = frame.matrix(numSplits, numHeads);
        FloatMatrix[] scores = new FloatMatrix[team.size()];
        for (int member = 0; member < scores.length; member++) {
            scores[member] = frame.matrix(numHeads, KvCache.BLOCK_SIZE);
        }
        team.run(
                numSplits,
                (split, member) -> {
                    OnlineSoftmax softmax =
                            new OnlineSoftmax(
                                    maxima.rows(split, 1),
                                    totals.rows(split, 1),
                                    sums.rows(split * numHeads, numHeads));
                    softmax.reset();
                    int firstBlock = split * BLOCKS_PER_SPLIT;
                    int lastBlock =
                            Math.min(firstBlock + BLOCKS_PER_SPLIT, KvCache.blocksFor(numKeys));
                    for (int block = firstBlock; block < lastBlock; block++) {
                        int count =
                                Math.min(KvCache.BLOCK_SIZE, numKeys - block * KvCache.BLOCK_SIZE);
                        addBlock(
                                latentQueries,
                                cache.rows(layer, blocks.block(block)).rows(0, count),
                                withColumns(scores[member], count),
                                softmax);
                    }
                });
        return merged(sums, totals, maxima);
    }

    private void addBlock(
            FloatMatrix latentQueries,
            FloatMatrix keys,
            FloatMatrix scores,
            OnlineSoftmax softmax) {
        WeightMatrix rows =
                new WeightMatrix(keys.data(), ElementType.F32, keys.numRows(), keys.numColumns());
        Kernels.linear(latentQueries, rows, scores);
        for (int head = 0; head < config.numHeads(); head++) {
            softmax.weigh(head, scores, head, scores.numColumns());
        }
        Kernels.addTransposedLinear(scores, rows, config.kvLoraRank(), softmax.outputs(), 0);
    }

    /// The splits' sums brought to a common maximum, added in order, divided by the softmax's sum.
    private FloatMatrix merged(FloatMatrix sums, FloatMatrix totals, FloatMatrix maxima) {
        int numHeads = config.numHeads();
        FloatMatrix merged = sums.rows(0, numHeads);
        for (int head = 0; head < numHeads; head++) {
            float max = Float.NEGATIVE_INFINITY;
            for (int split = 0; split < totals.numRows(); split++) {
                max = Math.max(max, maxima.get(split, head));
            }
            float total = 0;
            for (int split = 0; split < totals.numRows(); split++) {
                float shrink = (float) Math.exp(maxima.get(split, head) - max);
                total += totals.get(split, head) * shrink;
                if (split == 0) {
                    Kernels.scale(merged, head, 0, config.kvLoraRank(), shrink);
                } else {
                    Kernels.addScaled(sums, split * numHeads + head, shrink, merged, head);
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

    private static FloatMatrix withColumns(FloatMatrix scores, int numColumns) {
        return new FloatMatrix(
                scores.data().asSlice(0, (long) scores.numRows() * numColumns * Float.BYTES),
                scores.numRows(),
                numColumns);
    }
}
