package io.moonglass.engine;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.WeightMatrix;
import io.moonglass.tensor.Workspace;

/// Attention of a prompt chunk: tiles of latents are expanded to keys and values once per head, and
/// all queries of the chunk attend to a tile before the next one is expanded. Scores exist for one
/// tile at a time; a running maximum and sum carry the softmax from tile to tile.
///
/// Tiles start at multiples of [Kernels#TILE_KEYS] of the sequence, wherever chunks start, so the
/// same sums are made in the same order for any split of the prompt.
///
/// Source: Dao et al. 2022, "FlashAttention".
final class ExpandedAttention {

    private static final int TILE_KEYS = Kernels.TILE_KEYS;
    private static final int TILE_QUERIES = Kernels.TILE_QUERIES;

    private final TextConfig config;
    private final KvCache cache;
    private final ThreadTeam team;
    private final float scale;
    private final int paddedNope;
    private final int paddedValue;

    ExpandedAttention(TextConfig config, KvCache cache, ThreadTeam team) {
        this.config = config;
        this.cache = cache;
        this.team = team;
        this.scale = (float) (1 / Math.sqrt(config.qkHeadDim()));
        this.paddedNope = roundUp(config.qkNopeHeadDim(), TILE_QUERIES);
        this.paddedValue = roundUp(config.vHeadDim(), TILE_QUERIES);
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
        int numHeads = config.numHeads();
        int parts = Math.max(1, team.size() / numHeads);
        int partSize = roundUp((chunk.numTokens() + parts - 1) / parts, TILE_QUERIES);
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
                            attendPart(part, expansion, queries, attended, scratch[member]);
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

    /// One thread's memory for a part: queries and outputs of one head, and one tile. Keys and latents
    /// lie transposed, a token per column, so that vectors run over tokens and no sum crosses lanes.
    private final class Scratch {
        final FloatMatrix queries;
        final OnlineSoftmax softmax;
        final FloatMatrix headWeights;
        final FloatMatrix latents;
        final FloatMatrix keys;
        final FloatMatrix transposedValues;
        final FloatMatrix values;
        final FloatMatrix scores;
        final FloatMatrix cacheRow;
        final LatentExpansion.Scratch expansion;

        Scratch(Workspace.Frame frame, int numQueries) {
            queries = frame.matrix(numQueries, paddedNope + config.qkRopeHeadDim());
            softmax =
                    new OnlineSoftmax(
                            frame.matrix(1, numQueries),
                            frame.matrix(1, numQueries),
                            frame.matrix(numQueries, config.vHeadDim()));
            headWeights = frame.zeros(paddedNope + paddedValue, config.kvLoraRank());
            latents = frame.matrix(config.kvLoraRank(), TILE_KEYS);
            keys = frame.matrix(paddedNope + config.qkRopeHeadDim(), TILE_KEYS);
            transposedValues = frame.matrix(paddedValue, TILE_KEYS);
            values = frame.matrix(TILE_KEYS, config.vHeadDim());
            scores = frame.matrix(TILE_QUERIES, TILE_KEYS);
            cacheRow = frame.matrix(1, config.cacheRowSize());
            expansion = LatentExpansion.Scratch.take(config, 1, frame);
        }
    }

    private void attendPart(
            Part part,
            LatentExpansion expansion,
            FloatMatrix queries,
            FloatMatrix attended,
            Scratch scratch) {
        expansion.widen(
                part.head,
                scratch.headWeights.rows(0, paddedNope),
                scratch.headWeights.rows(paddedNope, paddedValue),
                scratch.expansion);
        gatherQueries(part, queries, scratch);
        for (int tile = 0; tile < part.end(); tile += TILE_KEYS) {
            expandTile(part, tile, scratch);
            // Queries before the tile's first key see nothing of it.
            int firstQuery = Math.max(0, tile - part.firstPosition()) / TILE_QUERIES * TILE_QUERIES;
            for (int query = firstQuery; query < part.count; query += TILE_QUERIES) {
                attendTile(query, part.firstPosition() + query - tile, scratch);
            }
        }
        FloatMatrix outputs = scratch.softmax.outputs();
        for (int query = 0; query < part.count; query++) {
            float inverse = 1 / scratch.softmax.totals().get(0, query);
            Kernels.scale(outputs, query, 0, config.vHeadDim(), inverse);
            outputs.copyTo(
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
        int nope = config.qkNopeHeadDim();
        int rope = config.qkRopeHeadDim();
        int column = part.head * (nope + rope);
        scratch.queries.data().fill((byte) 0);
        scratch.softmax.reset();
        for (int query = 0; query < part.count; query++) {
            int row = part.firstRow() + query;
            queries.copyTo(row, column, scratch.queries, query, 0, nope);
            queries.copyTo(row, column + nope, scratch.queries, query, paddedNope, rope);
            Kernels.scale(scratch.queries, query, 0, scratch.queries.numColumns(), scale);
        }
    }

    /// Keys and values of tokens `[tile, tile + TILE_KEYS)`; tokens that are not there yet are zeros,
    /// and masked later.
    private void expandTile(Part part, int tile, Scratch scratch) {
        int latentSize = config.kvLoraRank();
        int numKeys = Math.min(TILE_KEYS, part.end() - tile);
        if (numKeys < TILE_KEYS) {
            scratch.latents.data().fill((byte) 0);
            scratch.keys.data().fill((byte) 0);
        }
        for (int key = 0; key < numKeys; key++) {
            FloatMatrix row = scratch.cacheRow;
            Kernels.widenRow(
                    blockRows(part, tile + key), (tile + key) % KvCache.BLOCK_SIZE, row, 0);
            for (int i = 0; i < latentSize; i++) {
                scratch.latents.set(i, key, row.get(0, i));
            }
            for (int i = 0; i < config.qkRopeHeadDim(); i++) {
                scratch.keys.set(paddedNope + i, key, row.get(0, latentSize + i));
            }
        }
        for (int i = 0; i < paddedNope; i += TILE_QUERIES) {
            expandRows(i, scratch.keys.rows(i, TILE_QUERIES), scratch);
        }
        for (int i = 0; i < paddedValue; i += TILE_QUERIES) {
            expandRows(paddedNope + i, scratch.transposedValues.rows(i, TILE_QUERIES), scratch);
        }
        for (int key = 0; key < TILE_KEYS; key++) {
            for (int i = 0; i < config.vHeadDim(); i++) {
                scratch.values.set(key, i, scratch.transposedValues.get(i, key));
            }
        }
    }

    private void expandRows(int weightRow, FloatMatrix out, Scratch scratch) {
        Kernels.tileScores(
                scratch.headWeights, weightRow, 0, config.kvLoraRank(), scratch.latents, out);
    }

    private WeightMatrix blockRows(Part part, int position) {
        int block = part.chunk.blocks().block(position / KvCache.BLOCK_SIZE);
        return cache.rows(part.layer, block);
    }

    /// Four queries against the tile.
    ///
    /// @param lastKey index in the tile of the first query's own token: the last one it may see
    private void attendTile(int query, int lastKey, Scratch scratch) {
        FloatMatrix scores = scratch.scores;
        Kernels.tileScores(
                scratch.queries, query, 0, scratch.queries.numColumns(), scratch.keys, scores);
        for (int i = 0; i < TILE_QUERIES; i++) {
            for (int key = Math.max(0, lastKey + i + 1); key < TILE_KEYS; key++) {
                scores.set(i, key, Float.NEGATIVE_INFINITY);
            }
            scratch.softmax.weigh(query + i, scores, i, TILE_KEYS);
        }
        Kernels.tileValues(scores, scratch.values, scratch.softmax.outputs(), query, 0);
    }

    private static int roundUp(int value, int multiple) {
        return (value + multiple - 1) / multiple * multiple;
    }
}
