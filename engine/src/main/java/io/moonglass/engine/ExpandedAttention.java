package io.moonglass.engine;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.KeyValueTiles;
import io.moonglass.tensor.LayerInput;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.WeightMatrix;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.MemorySegment;

/// Attention of a prompt chunk: a part of the context after the other is expanded to keys and values of
/// each head, and the chunk's queries attend to it. Memory grows with the part and not with the context.
///
/// Parts start at multiples of [#PART_KEYS] of the sequence, wherever chunks start, so the same sums are
/// made in the same order for any split of the prompt.
///
/// Source: Dao 2023, "FlashAttention-2"; the latents' expansion is that of the DeepSeek-V2 report (arXiv
/// 2405.04434), section 2.1.
final class ExpandedAttention {

    private static final int PART_KEYS = 1024;

    /// Queries that see about the same keys, and whose sums stay in a cache.
    private static final int GROUP_QUERIES = 96;

    private final TextConfig config;
    private final KvCache cache;
    private final ThreadTeam team;
    private final float scale;
    private final ElementType type;

    ExpandedAttention(TextConfig config, KvCache cache, ThreadTeam team) {
        this.config = config;
        this.cache = cache;
        this.team = team;
        this.scale = (float) (1 / Math.sqrt(config.qkHeadDim()));
        this.type = cache.type();
    }

    /// @param queries  `[rows of the step, numHeads * qkHeadDim]`, rotated
    /// @param attended `[rows of the step, numHeads * vHeadDim]`; the chunk's rows are written
    void attend(
            int layer,
            LatentExpansion expansion,
            FloatMatrix queries,
            Chunk chunk,
            FloatMatrix attended,
            Workspace workspace) {
        try (Workspace.Frame frame = workspace.frame()) {
            Group[] groups = groups(queries, chunk, frame);
            int most = Math.min(PART_KEYS, chunk.end());
            FloatMatrix rotated = frame.matrix(most, config.qkRopeHeadDim());
            Scratch[] scratch = new Scratch[team.size()];
            for (int member = 0; member < scratch.length; member++) {
                scratch[member] = new Scratch(most, frame);
            }
            int numSharers = Math.max(1, team.size() / config.numHeads());
            for (int from = 0; from < chunk.end(); from += PART_KEYS) {
                int first = from;
                int count = Math.min(PART_KEYS, chunk.end() - from);
                try (Workspace.Frame partFrame = workspace.frame()) {
                    FloatMatrix latents = partFrame.matrix(count, config.kvLoraRank());
                    readPart(layer, chunk.blocks(), from, latents, rotated, scratch);
                    LayerInput input = new LayerInput(latents, team, partFrame);
                    input.prepareFor(expansion.weight());
                    team.run(
                            config.numHeads() * numSharers,
                            (piece, member) -> {
                                int head = piece / numSharers;
                                KeyValueTiles tiles =
                                        scratch[member].expand(head, expansion, input, rotated);
                                for (int i = piece % numSharers;
                                        i < groups.length;
                                        i += numSharers) {
                                    groups[i].attend(head, tiles, first, chunk, attended);
                                }
                            });
                }
            }
        }
    }

    /// The chunk's queries, as tiles are attended to with them.
    private Group[] groups(FloatMatrix queries, Chunk chunk, Workspace.Frame frame) {
        int numGroups = (chunk.numTokens() + GROUP_QUERIES - 1) / GROUP_QUERIES;
        Group[] groups = new Group[numGroups];
        for (int i = 0; i < numGroups; i++) {
            int first = i * GROUP_QUERIES;
            groups[i] = new Group(first, Math.min(GROUP_QUERIES, chunk.numTokens() - first), frame);
        }
        team.run(
                numGroups * config.numHeads(),
                (piece, _) -> {
                    Group group = groups[piece / config.numHeads()];
                    int head = piece % config.numHeads();
                    KeyValueTiles.putQueries(
                            queries.rows(chunk.firstRow() + group.first, group.count),
                            head * config.qkHeadDim(),
                            scale,
                            group.queries[head],
                            0);
                });
        return groups;
    }

    /// What the cache holds of tokens from `first` on.
    private void readPart(
            int layer,
            BlockTable blocks,
            int first,
            FloatMatrix latents,
            FloatMatrix rotated,
            Scratch[] scratch) {
        int rank = config.kvLoraRank();
        int rope = config.qkRopeHeadDim();
        int count = latents.numRows();
        int size = KvCache.BLOCK_SIZE; // parts begin where blocks do
        team.run(
                (count + size - 1) / size,
                (piece, member) -> {
                    Scratch mine = scratch[member];
                    int from = piece * size;
                    int numRows = Math.min(size, count - from);
                    int block = blocks.block((first + from) / size);
                    WeightMatrix rows = cache.rows(layer, block, numRows, mine.cacheRows);
                    for (int i = 0; i < numRows; i++) {
                        Kernels.widenRow(rows, i, mine.cacheRow, 0);
                        mine.cacheRow.copyTo(0, 0, latents, from + i, 0, rank);
                        mine.cacheRow.copyTo(0, rank, rotated, from + i, 0, rope);
                    }
                });
    }

    /// Consecutive queries of the chunk, of all heads, and what their softmaxes have seen.
    private final class Group {
        private final int first;
        private final int count;
        private final WeightMatrix[] queries = new WeightMatrix[config.numHeads()];
        private final FloatMatrix[] softmax = new FloatMatrix[config.numHeads()];

        Group(int first, int count, Workspace.Frame frame) {
            this.first = first;
            this.count = count;
            int dim = config.qkHeadDim();
            int size = KeyValueTiles.scratchSize(count, dim, config.vHeadDim());
            for (int head = 0; head < queries.length; head++) {
                long bytes = (long) count * dim * type.bytes();
                queries[head] = new WeightMatrix(frame.bytes(bytes), type, count, dim);
                softmax[head] = frame.matrix(1, size);
            }
        }

        /// @param from position of the first key
        void attend(int head, KeyValueTiles tiles, int from, Chunk chunk, FloatMatrix attended) {
            int firstVisible = chunk.firstPosition() + first + 1 - from;
            int lastVisible = firstVisible + count - 1;
            if (lastVisible < 1) {
                return;
            }
            tiles.attendPart(
                    queries[head],
                    firstVisible,
                    1,
                    from == 0,
                    lastVisible <= PART_KEYS,
                    softmax[head],
                    attended,
                    chunk.firstRow() + first,
                    head * config.vHeadDim());
        }
    }

    /// One thread's memory: a part's keys and values of one head.
    private final class Scratch {
        final FloatMatrix cacheRow;
        final WeightMatrix cacheRows;
        private final FloatMatrix expanded;
        private final MemorySegment keys;
        private final MemorySegment values;

        Scratch(int numKeys, Workspace.Frame frame) {
            int dim = config.qkHeadDim();
            this.cacheRow = frame.matrix(1, config.cacheRowSize());
            this.cacheRows = cache.scratch(frame);
            this.expanded = frame.matrix(numKeys, config.qkNopeHeadDim() + config.vHeadDim());
            this.keys = frame.bytes(KeyValueTiles.keyBytes(type, numKeys, dim));
            this.values = frame.bytes(KeyValueTiles.valueBytes(type, numKeys, config.vHeadDim()));
        }

        KeyValueTiles expand(
                int head, LatentExpansion expansion, LayerInput latents, FloatMatrix rotated) {
            int count = latents.numRows();
            int nope = config.qkNopeHeadDim();
            FloatMatrix rows = expanded.rows(0, count);
            expansion.expand(head, latents, rows);
            KeyValueTiles tiles =
                    new KeyValueTiles(
                            keys.asSlice(
                                    0, KeyValueTiles.keyBytes(type, count, config.qkHeadDim())),
                            values.asSlice(
                                    0, KeyValueTiles.valueBytes(type, count, config.vHeadDim())),
                            type,
                            count,
                            config.qkHeadDim(),
                            config.vHeadDim());
            tiles.clearLastTile();
            tiles.putKeys(rows, 0, 0, 0, nope);
            tiles.putKeys(rotated.rows(0, count), 0, 0, nope, config.qkRopeHeadDim());
            tiles.putValues(rows, nope, 0);
            return tiles;
        }
    }
}
