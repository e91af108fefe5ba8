package io.moonglass.engine;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.config.TextConfig;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Workspace;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/// The decoder of a small test model, driven without an engine.
final class TinyDecoder implements AutoCloseable {

    private final Checkpoint checkpoint;
    private final Workspace workspace = new Workspace();
    private final ThreadTeam team;
    private final DecoderWeights weights;
    private final KvCache cache;
    private final Decoder decoder;

    TinyDecoder(int numThreads, int numCacheBlocks) {
        this(TestModels.tinyRandom(), numThreads, numCacheBlocks);
    }

    /// @param model a checkpoint, packed or not
    TinyDecoder(Path model, int numThreads, int numCacheBlocks) {
        checkpoint = Checkpoint.open(model);
        weights = DecoderWeights.from(checkpoint);
        team = new ThreadTeam(numThreads);
        cache = new KvCache(weights.config(), CacheType.F32, numCacheBlocks, false);
        decoder = new Decoder(weights, cache, team);
    }

    TextConfig config() {
        return weights.config();
    }

    DecoderWeights weights() {
        return weights;
    }

    KvCache cache() {
        return cache;
    }

    Workspace workspace() {
        return workspace;
    }

    /// Runs tokens at `[from, to)` as one chunk and returns their normalised outputs.
    FloatMatrix run(
            BlockTable blocks,
            int[] tokenIds,
            int from,
            int to,
            Chunk.Form form,
            Arena arena,
            DecoderObserver observer) {
        if (!cache.tryReserve(blocks, to)) {
            throw new IllegalStateException("the test's cache is too small");
        }
        FloatMatrix hidden = FloatMatrix.allocate(arena, to - from, config().hiddenSize());
        for (int i = from; i < to; i++) {
            decoder.embed(tokenIds[i], hidden, i - from);
        }
        List<Chunk> chunks = List.of(new Chunk(blocks, 0, from, to - from, form));
        decoder.forward(hidden, chunks, workspace, observer, () -> {});
        return hidden;
    }

    /// Runs a whole prompt in chunks of a size and returns all outputs.
    FloatMatrix runInChunks(int[] tokenIds, int chunkSize, Chunk.Form form, Arena arena) {
        BlockTable blocks = new BlockTable();
        FloatMatrix all = FloatMatrix.allocate(arena, tokenIds.length, config().hiddenSize());
        for (int from = 0; from < tokenIds.length; from += chunkSize) {
            int to = Math.min(from + chunkSize, tokenIds.length);
            FloatMatrix part = run(blocks, tokenIds, from, to, form, arena, DecoderObserver.NONE);
            all.rows(from, to - from).copyFrom(part);
        }
        cache.release(blocks);
        return all;
    }

    /// Runs two prompts in one step and returns the outputs of both, the first one's first.
    FloatMatrix runTogether(int[] first, int[] second, Arena arena) {
        BlockTable firstBlocks = new BlockTable();
        BlockTable secondBlocks = new BlockTable();
        cache.tryReserve(firstBlocks, first.length);
        cache.tryReserve(secondBlocks, second.length);
        FloatMatrix hidden =
                FloatMatrix.allocate(arena, first.length + second.length, config().hiddenSize());
        for (int i = 0; i < hidden.numRows(); i++) {
            int tokenId = i < first.length ? first[i] : second[i - first.length];
            decoder.embed(tokenId, hidden, i);
        }
        List<Chunk> chunks =
                List.of(
                        new Chunk(firstBlocks, 0, 0, first.length, Chunk.Form.EXPANDED),
                        new Chunk(
                                secondBlocks, first.length, 0, second.length, Chunk.Form.EXPANDED));
        decoder.forward(hidden, chunks, workspace, DecoderObserver.NONE, () -> {});
        return hidden;
    }

    FloatMatrix logits(FloatMatrix normed, Arena arena) {
        FloatMatrix logits = FloatMatrix.allocate(arena, normed.numRows(), config().vocabSize());
        decoder.logits(normed, logits, workspace);
        return logits;
    }

    int[] randomTokens(int count, long seed) {
        return new Random(seed).ints(count, 0, 768).toArray();
    }

    @Override
    public void close() {
        team.close();
        cache.close();
        workspace.close();
        checkpoint.close();
    }
}
