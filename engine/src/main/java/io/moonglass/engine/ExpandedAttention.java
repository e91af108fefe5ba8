package io.moonglass.engine;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.WeightMatrix;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Attention of a prompt chunk: tiles of latents are expanded to keys and values once per head, and
/// all queries of the chunk attend to a tile before the next one is expanded. Scores exist for one
/// tile at a time; a running maximum and sum carry the softmax from tile to tile.
///
/// Tiles start at multiples of [Kernels#TILE_KEYS] of the sequence, wherever chunks start, so the
/// same sums are made in the same order for any split of the prompt.
///
/// Source: Dao et al. 2022, "FlashAttention"; Milakov and Gimelshein 2018, "Online normalizer
/// calculation for softmax".
final class ExpandedAttention {

    private static final int TILE_KEYS = Kernels.TILE_KEYS;
    private static final int TILE_QUERIES = Kernels.TILE_QUERIES;

    private final TextConfig config;
    private final KvCache cache;
    private final ThreadTeam team;
    private final float scale;

    ExpandedAttention(TextConfig config, KvCache cache, ThreadTeam team) {
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
        int numHeads = config.numHeads();
        int parts = Math.max(1, team.size() / numHeads);
        int partSize =
                roundUp((chunk.numTokens() + parts - 1) / parts, TILE_QUERIES);
        try (Workspace.Frame frame = workspace.frame()) {
            Scratch[] scratch = new Scratch[team.size()];
            for (int member = 0; member < scratch.length; member++) {
                scratch[member] = new Scratch(frame, partSize);
            }
            team.run(
                    numHeads * parts,
                    (piece, member) -> {
                        int from = piece % parts * partSize;
                        int count = Math.min(partSize, chunk.numTokens() - from);
                        if (count > 0) {
                            Part part = new Part(layer, piece / parts, chunk, from, count);
                            attendPart(part, weights, queries, attended, scratch[member]);
                        }
                    });
        }
    }

    /// One head's share of a chunk: queries `[from, from + count)` of it.
    private record Part(int layer, int head, Chunk chunk, int from, int count) {
        int firstPosition() {
            return chunk.firstPosition() + from;
        }

        int firstRow() {
            return chunk.firstRow() + from;
        }

        int end() {
            return firstPosition() + count;
        }
    }

    /// One thread's memory for a part: queries and outputs of one head, and one tile.
    private final class Scratch {
        final FloatMatrix queries;
        final FloatMatrix outputs;
        final FloatMatrix maxima;
        final FloatMatrix sums;
        final FloatMatrix latents;
        final FloatMatrix expanded;
        final FloatMatrix keys;
        final FloatMatrix values;
        final FloatMatrix scores;

        Scratch(Workspace.Frame frame, int numQueries) {
            queries = frame.matrix(numQueries, config.qkHeadDim());
            outputs = frame.matrix(numQueries, config.vHeadDim());
            maxima = frame.matrix(1, numQueries);
            sums = frame.matrix(1, numQueries);
            latents = frame.matrix(TILE_KEYS, config.kvLoraRank());
            expanded = frame.matrix(TILE_KEYS, config.qkNopeHeadDim() + config.vHeadDim());
            keys = frame.matrix(config.qkHeadDim(), TILE_KEYS);
            values = frame.matrix(TILE_KEYS, config.vHeadDim());
            scores = frame.matrix(TILE_QUERIES, TILE_KEYS);
        }
    }

    private void attendPart(
            Part part,
            AttentionWeights weights,
            FloatMatrix queries,
            FloatMatrix attended,
            Scratch scratch) {
        int headRows = config.qkNopeHeadDim() + config.vHeadDim();
        WeightMatrix keyValue = weights.keyValue().rows(part.head * headRows, headRows);
        gatherQueries(part, queries, scratch);
        for (int tile = 0; tile < part.end(); tile += TILE_KEYS) {
            expandTile(part, tile, keyValue, scratch);
            // Queries before the tile's first key see nothing of it.
            int firstQuery = Math.max(0, tile - part.firstPosition()) / TILE_QUERIES * TILE_QUERIES;
            for (int query = firstQuery; query < part.count; query += TILE_QUERIES) {
                attendTile(query, part.firstPosition() + query - tile, scratch);
            }
        }
        for (int query = 0; query < part.count; query++) {
            float inverse = 1 / scratch.sums.get(0, query);
            Kernels.scale(scratch.outputs, query, 0, config.vHeadDim(), inverse);
            copy(
                    scratch.outputs,
                    query,
                    0,
                    attended,
                    part.firstRow() + query,
                    part.head * config.vHeadDim(),
                    config.vHeadDim());
        }
    }

    /// The head's queries, scaled; rows that fill the last tile are zeros.
    private void gatherQueries(Part part, FloatMatrix queries, Scratch scratch) {
        int dim = config.qkHeadDim();
        scratch.queries.data().fill((byte) 0);
        scratch.outputs.data().fill((byte) 0);
        for (int query = 0; query < part.count; query++) {
            copy(queries, part.firstRow() + query, part.head * dim, scratch.queries, query, 0, dim);
            Kernels.scale(scratch.queries, query, 0, dim, scale);
        }
        for (int query = 0; query < scratch.maxima.numColumns(); query++) {
            scratch.maxima.set(0, query, Float.NEGATIVE_INFINITY);
            scratch.sums.set(0, query, 0);
        }
    }

    /// Keys (transposed) and values of tokens `[tile, tile + TILE_KEYS)`; tokens that are not there
    /// yet are zeros, and masked later.
    private void expandTile(Part part, int tile, WeightMatrix keyValue, Scratch scratch) {
        int latentSize = config.kvLoraRank();
        int nope = config.qkNopeHeadDim();
        int numKeys = Math.min(TILE_KEYS, part.end() - tile);
        for (int key = 0; key < numKeys; key++) {
            FloatMatrix rows = blockRows(part, tile + key);
            int row = (tile + key) % KvCache.BLOCK_SIZE;
            copy(rows, row, 0, scratch.latents, key, 0, latentSize);
            for (int i = 0; i < config.qkRopeHeadDim(); i++) {
                scratch.keys.set(nope + i, key, rows.get(row, latentSize + i));
            }
        }
        Kernels.linear(
                scratch.latents.rows(0, numKeys), keyValue, scratch.expanded.rows(0, numKeys));
        for (int key = 0; key < numKeys; key++) {
            for (int i = 0; i < nope; i++) {
                scratch.keys.set(i, key, scratch.expanded.get(key, i));
            }
            copy(scratch.expanded, key, nope, scratch.values, key, 0, config.vHeadDim());
        }
        for (int key = numKeys; key < TILE_KEYS; key++) {
            for (int i = 0; i < config.qkHeadDim(); i++) {
                scratch.keys.set(i, key, 0);
            }
            scratch.values.rows(key, 1).data().fill((byte) 0);
        }
    }

    private FloatMatrix blockRows(Part part, int position) {
        int block = part.chunk.blocks().block(position / KvCache.BLOCK_SIZE);
        return cache.rows(part.layer, block);
    }

    /// Four queries against the tile.
    ///
    /// @param lastKey index in the tile of the first query's own token: the last one it may see
    private void attendTile(int query, int lastKey, Scratch scratch) {
        FloatMatrix scores = scratch.scores;
        Kernels.tileScores(scratch.queries, query, 0, config.qkHeadDim(), scratch.keys, scores);
        for (int i = 0; i < TILE_QUERIES; i++) {
            for (int key = Math.max(0, lastKey + i + 1); key < TILE_KEYS; key++) {
                scores.set(i, key, Float.NEGATIVE_INFINITY);
            }
            float before = scratch.maxima.get(0, query + i);
            float max = Math.max(before, Kernels.max(scores, i, TILE_KEYS));
            if (max == Float.NEGATIVE_INFINITY) {
                scores.rows(i, 1).data().fill((byte) 0); // nothing seen yet
                continue;
            }
            float sum = scratch.sums.get(0, query + i);
            if (max > before) {
                float shrink = (float) Math.exp(before - max);
                sum *= shrink;
                Kernels.scale(scratch.outputs, query + i, 0, config.vHeadDim(), shrink);
                scratch.maxima.set(0, query + i, max);
            }
            sum += Kernels.exponentials(scores, i, TILE_KEYS, 1, max);
            scratch.sums.set(0, query + i, sum);
        }
        Kernels.tileValues(scores, scratch.values, scratch.outputs, query, 0);
    }

    private static void copy(
            FloatMatrix from, int row, int column, FloatMatrix to, int toRow, int toColumn, int n) {
        MemorySegment.copy(
                from.data(),
                ValueLayout.JAVA_FLOAT,
                ((long) row * from.numColumns() + column) * Float.BYTES,
                to.data(),
                ValueLayout.JAVA_FLOAT,
                ((long) toRow * to.numColumns() + toColumn) * Float.BYTES,
                n);
    }

    private static int roundUp(int value, int multiple) {
        return (value + multiple - 1) / multiple * multiple;
    }
}
