package io.moonglass.engine;

import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.HeadAttention;
import io.moonglass.tensor.HeadQueries;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.Workspace;
import java.util.ArrayList;
import java.util.List;

/// The contexts of some tokens, cut into stretches that are attended to apart, and the softmax of each
/// stretch. Which stretches there are depends on the contexts alone, and they are joined in order.
///
/// Source: Dao et al. 2023, "Flash-Decoding for long-context inference".
final class ContextSplits {

    /// Tokens of a stretch at least: few enough that a short context keeps a team busy.
    private static final int LEAST_TOKENS = 256;

    /// Stretches at most: joining them takes time, too.
    private static final int MOST_SPLITS = 16;

    private static final int HEADS = HeadAttention.HEADS;

    /// One stretch of a token's context, for 16 of its heads.
    ///
    /// @param token index of the token
    /// @param group heads `[16 * group, 16 * group + 16)`
    /// @param from  first position
    /// @param to    position after the last
    record Split(int token, int group, int from, int to) {}

    private final int numGroups;
    private final List<Split> splits = new ArrayList<>();
    private final int[] firstSplit;
    private final FloatMatrix maxima;
    private final FloatMatrix totals;
    private final FloatMatrix sums;

    /// @param numKeys tokens that each token attends to
    ContextSplits(int[] numKeys, int numHeads, int latentSize, Workspace.Frame frame) {
        this.numGroups = (numHeads + HEADS - 1) / HEADS;
        this.firstSplit = new int[numKeys.length + 1];
        for (int token = 0; token < numKeys.length; token++) {
            int numTokens = splitTokens(numKeys[token]);
            for (int group = 0; group < numGroups; group++) {
                for (int from = 0; from < numKeys[token]; from += numTokens) {
                    int to = Math.min(from + numTokens, numKeys[token]);
                    splits.add(new Split(token, group, from, to));
                }
            }
            firstSplit[token + 1] = splits.size();
        }
        this.maxima = frame.matrix(splits.size(), HEADS);
        this.totals = frame.matrix(splits.size(), HEADS);
        this.sums = frame.matrix(splits.size() * HEADS, latentSize);
    }

    /// Stretches of one token's context, over all its heads.
    static int count(int numKeys, int numHeads) {
        int numTokens = splitTokens(numKeys);
        return (numKeys + numTokens - 1) / numTokens * ((numHeads + HEADS - 1) / HEADS);
    }

    private static int splitTokens(int numKeys) {
        int blocks = KvCache.blocksFor((numKeys + MOST_SPLITS - 1) / MOST_SPLITS);
        return Math.max(LEAST_TOKENS, blocks * KvCache.BLOCK_SIZE);
    }

    int size() {
        return splits.size();
    }

    Split get(int index) {
        return splits.get(index);
    }

    /// A softmax that has seen nothing and leaves its result here.
    ///
    /// @param scores scratch
    HeadAttention attention(int index, HeadQueries queries, FloatMatrix scores) {
        HeadAttention attention =
                new HeadAttention(
                        queries,
                        scores,
                        maxima.rows(index, 1),
                        totals.rows(index, 1),
                        sums.rows(index * HEADS, HEADS));
        attention.reset();
        return attention;
    }

    /// One head's weighted sum of latents: its stretches brought to a common maximum, added in order,
    /// divided by the softmax's sum.
    ///
    /// @param out row `token` is written
    void join(int token, int head, FloatMatrix out) {
        int lane = head % HEADS;
        int numSplits = (firstSplit[token + 1] - firstSplit[token]) / numGroups;
        int first = firstSplit[token] + head / HEADS * numSplits;
        if (numSplits == 1) {
            sums.copyTo(first * HEADS + lane, 0, out, token, 0, out.numColumns());
            Kernels.scale(out, token, 0, out.numColumns(), 1 / totals.get(first, lane));
            return;
        }
        float max = Float.NEGATIVE_INFINITY;
        for (int split = first; split < first + numSplits; split++) {
            max = Math.max(max, maxima.get(split, lane));
        }
        out.rows(token, 1).data().fill((byte) 0);
        float total = 0;
        for (int split = first; split < first + numSplits; split++) {
            float shrink = (float) Math.exp(maxima.get(split, lane) - max);
            total += totals.get(split, lane) * shrink;
            Kernels.addScaled(sums, split * HEADS + lane, shrink, out, token);
        }
        Kernels.scale(out, token, 0, out.numColumns(), 1 / total);
    }
}
