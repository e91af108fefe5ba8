package io.moonglass.engine;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.HeadAttention;
import io.moonglass.tensor.HeadQueries;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.WeightMatrix;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Attention of generated tokens: each head's query is taken into the latent space, where all heads
/// share the cache rows, and only the weighted sum of latents is taken out to values.
///
/// Source: DeepSeek-V2 report (arXiv 2405.04434), section 2.1.2.
final class AbsorbedAttention {

    private static final int HEADS = HeadAttention.HEADS;

    /// Stretches of context whose sums are held at once.
    private static final int MOST_SPLITS = 1024;

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

    /// One token: its row of the step, and what it attends to.
    private record Token(int row, BlockTable blocks, int numKeys) {}

    /// @param queries  `[rows of the step, numHeads * qkHeadDim]`, rotated
    /// @param attended `[rows of the step, numHeads * vHeadDim]`; the chunks' rows are written
    void attend(
            int layer,
            LatentExpansion expansion,
            FloatMatrix queries,
            List<Chunk> chunks,
            FloatMatrix attended,
            Workspace workspace) {
        List<Token> batch = new ArrayList<>();
        int numSplits = 0;
        for (Chunk chunk : chunks) {
            for (int i = 0; i < chunk.numTokens(); i++) {
                int numKeys = chunk.firstPosition() + i + 1;
                int more = ContextSplits.count(numKeys, config.numHeads());
                if (numSplits > 0 && numSplits + more > MOST_SPLITS) {
                    attendBatch(layer, expansion, queries, batch, attended, workspace);
                    batch.clear();
                    numSplits = 0;
                }
                batch.add(new Token(chunk.firstRow() + i, chunk.blocks(), numKeys));
                numSplits += more;
            }
        }
        if (!batch.isEmpty()) {
            attendBatch(layer, expansion, queries, batch, attended, workspace);
        }
    }

    private void attendBatch(
            int layer,
            LatentExpansion expansion,
            FloatMatrix queries,
            List<Token> tokens,
            FloatMatrix attended,
            Workspace workspace) {
        try (Workspace.Frame frame = workspace.frame()) {
            int numHeads = config.numHeads();
            Scratch[] scratch = new Scratch[team.size()];
            for (int member = 0; member < scratch.length; member++) {
                scratch[member] = new Scratch(tokens.size(), frame);
            }
            FloatMatrix[] latentQueries = new FloatMatrix[numHeads];
            for (int head = 0; head < numHeads; head++) {
                latentQueries[head] = frame.matrix(tokens.size(), config.kvLoraRank());
            }
            team.run(
                    numHeads,
                    (head, member) -> {
                        Scratch mine = scratch[member];
                        gather(queries, tokens, head, mine.queries);
                        expansion.absorb(head, mine.queries, latentQueries[head], mine.expansion);
                    });
            int[] numKeys = tokens.stream().mapToInt(Token::numKeys).toArray();
            ContextSplits splits = new ContextSplits(numKeys, numHeads, config.kvLoraRank(), frame);
            team.run(
                    splits.size(),
                    (index, member) -> {
                        Scratch mine = scratch[member];
                        ContextSplits.Split split = splits.get(index);
                        Token token = tokens.get(split.token());
                        mine.chooseHeads(split, token.row, queries, latentQueries);
                        HeadAttention attention = splits.attention(index, mine.heads, mine.scores);
                        // Whoever ends this stretch goes on with the one behind it, as a rule.
                        int behind = Math.min(index + 1, splits.size() - 1);
                        MemorySegment after = begin(layer, tokens, splits.get(behind));
                        attend(layer, token.blocks, split, mine.rows, attention, after);
                    });
            team.run(
                    numHeads,
                    (head, member) -> {
                        Scratch mine = scratch[member];
                        for (int token = 0; token < tokens.size(); token++) {
                            splits.join(token, head, mine.sums);
                        }
                        expansion.takeOut(head, mine.sums, mine.values, mine.expansion);
                        scatter(mine.values, tokens, head, attended);
                    });
        }
    }

    /// The parts of a head's queries that are not rotated.
    private void gather(FloatMatrix queries, List<Token> tokens, int head, FloatMatrix out) {
        for (int i = 0; i < tokens.size(); i++) {
            queries.copyTo(
                    tokens.get(i).row,
                    head * config.qkHeadDim(),
                    out,
                    i,
                    0,
                    config.qkNopeHeadDim());
        }
    }

    private void scatter(FloatMatrix values, List<Token> tokens, int head, FloatMatrix out) {
        for (int i = 0; i < tokens.size(); i++) {
            values.copyTo(
                    i, 0, out, tokens.get(i).row, head * config.vHeadDim(), config.vHeadDim());
        }
    }

    /// @param after what is read after the stretch
    private void attend(
            int layer,
            BlockTable blocks,
            ContextSplits.Split split,
            WeightMatrix scratch,
            HeadAttention attention,
            MemorySegment after) {
        for (int from = split.from(); from < split.to(); from += KvCache.BLOCK_SIZE) {
            int end = from + KvCache.BLOCK_SIZE;
            int count = Math.min(end, split.to()) - from;
            int block = blocks.block(from / KvCache.BLOCK_SIZE);
            attention.attend(
                    cache.rows(layer, block, count, scratch),
                    end < split.to() ? stored(layer, blocks, end) : after);
        }
    }

    private MemorySegment begin(int layer, List<Token> tokens, ContextSplits.Split split) {
        return stored(layer, tokens.get(split.token()).blocks, split.from());
    }

    private MemorySegment stored(int layer, BlockTable blocks, int position) {
        return cache.stored(layer, blocks.block(position / KvCache.BLOCK_SIZE));
    }

    /// One thread's memory.
    private final class Scratch {
        final LatentExpansion.Scratch expansion;
        final FloatMatrix queries;
        final FloatMatrix sums;
        final FloatMatrix values;
        final FloatMatrix scores;
        final HeadQueries heads;
        final WeightMatrix rows;
        final FloatMatrix query;
        final WeightMatrix narrowed;
        private int token = -1;
        private int group = -1;

        Scratch(int numTokens, Workspace.Frame frame) {
            expansion = LatentExpansion.Scratch.take(config, numTokens, frame);
            queries = frame.matrix(numTokens, config.qkNopeHeadDim());
            sums = frame.matrix(numTokens, config.kvLoraRank());
            values = frame.matrix(numTokens, config.vHeadDim());
            scores = frame.matrix(KvCache.BLOCK_SIZE, HEADS);
            heads = frame.headQueries(cache.type(), config.cacheRowSize());
            rows = cache.scratch(frame);
            query = frame.matrix(1, config.cacheRowSize());
            narrowed = rows.rows(0, 1);
        }

        /// Puts a group's queries side by side, scaled, unless they are there: neighbouring stretches
        /// share them.
        void chooseHeads(
                ContextSplits.Split split,
                int row,
                FloatMatrix rotated,
                FloatMatrix[] latentQueries) {
            if (token == split.token() && group == split.group()) {
                return;
            }
            token = split.token();
            group = split.group();
            int rank = config.kvLoraRank();
            for (int lane = 0; lane < HEADS; lane++) {
                int head = group * HEADS + lane;
                if (head < config.numHeads()) {
                    int column = head * config.qkHeadDim() + config.qkNopeHeadDim();
                    latentQueries[head].copyTo(token, 0, query, 0, 0, rank);
                    rotated.copyTo(row, column, query, 0, rank, config.qkRopeHeadDim());
                    Kernels.scale(query, 0, 0, query.numColumns(), scale);
                    Kernels.narrowRow(query, 0, narrowed, 0);
                    heads.set(lane, narrowed);
                } else {
                    heads.clear(lane);
                }
            }
        }
    }
}
