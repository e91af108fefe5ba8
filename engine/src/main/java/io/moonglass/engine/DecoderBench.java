package io.moonglass.engine;

import io.moonglass.engine.LayerWeights.LayerFeedForward;
import io.moonglass.loader.config.TextConfig;
import io.moonglass.router.FeedForward;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.tensor.Weight;
import io.moonglass.tensor.Workspace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToLongFunction;

/// The decoder alone, for timing: steps of random tokens on the calling thread and the team, without
/// scheduler or sampler.
public final class DecoderBench implements AutoCloseable {

    private static final int STEP_TOKENS = 512;

    private final DecoderWeights weights;
    private final TextConfig config;
    private final KvCache cache;
    private final Decoder decoder;
    private final Workspace workspace = new Workspace();
    private final SplittableRandom random = new SplittableRandom(1);

    /// @param maxTokens of all sequences together
    public DecoderBench(DecoderWeights weights, ThreadTeam team, int maxTokens) {
        this.weights = weights;
        this.config = weights.config();
        this.cache =
                new KvCache(
                        config, EngineOptions.CACHE_TYPE, KvCache.blocksFor(maxTokens) + 1, false);
        this.decoder = new Decoder(weights, cache, team);
    }

    /// Seconds from a prompt's first token to the logits after its last.
    public double promptSeconds(int numTokens) {
        BlockTable blocks = reserve(numTokens);
        long begin = System.nanoTime();
        for (int from = 0; from < numTokens; from += STEP_TOKENS) {
            int count = Math.min(STEP_TOKENS, numTokens - from);
            boolean last = from + count == numTokens;
            step(List.of(new Chunk(blocks, 0, from, count, Chunk.Form.EXPANDED)), last ? 1 : 0);
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        cache.release(blocks);
        return seconds;
    }

    /// Seconds of single steps in which every sequence gets one more token.
    ///
    /// @param depth      tokens that each has before the first step: random latents
    /// @param numStreams sequences
    public double[] decodeSeconds(int depth, int numStreams, int numSteps) {
        List<BlockTable> tables = new ArrayList<>();
        for (int i = 0; i < numStreams; i++) {
            BlockTable table = reserve(depth + numSteps);
            fill(table, depth);
            tables.add(table);
        }
        double[] seconds = new double[numSteps];
        for (int n = 0; n < numSteps; n++) {
            List<Chunk> chunks = new ArrayList<>();
            for (int i = 0; i < numStreams; i++) {
                chunks.add(new Chunk(tables.get(i), i, depth + n, 1, Chunk.Form.ABSORBED));
            }
            long begin = System.nanoTime();
            step(chunks, numStreams);
            seconds[n] = (System.nanoTime() - begin) / 1e9;
        }
        tables.forEach(cache::release);
        return seconds;
    }

    /// Bytes of weights that a step of so many tokens reads, each once: of the routed experts those that
    /// are expected to be chosen at all, by tokens that choose alike.
    public double weightBytes(int numTokens) {
        double chosen = (double) config.numExpertsPerToken() / config.numExperts();
        double experts = config.numExperts() * (1 - Math.pow(1 - chosen, numTokens));
        double others =
                0; // of expansions, other parts are read than are multiplied with in prompts
        for (LayerWeights layer : weights.layers()) {
            LatentExpansion expansion = layer.attention().expansion();
            others += expansion.bytesPerToken() - expansion.weight().data().byteSize();
        }
        return others + sum(weight -> weight.data().byteSize(), experts);
    }

    /// Multiplications and additions for one token, attention left out.
    public double operationsPerToken() {
        return 2
                * sum(
                        weight -> (long) weight.numRows() * weight.numColumns(),
                        config.numExpertsPerToken());
    }

    private double sum(ToLongFunction<Weight> amount, double numExperts) {
        double sum = amount.applyAsLong(weights.head());
        for (LayerWeights layer : weights.layers()) {
            AttentionWeights attention = layer.attention();
            sum += sum(amount, attention.query(), attention.latentAndKey(), attention.output());
            sum += amount.applyAsLong(attention.expansion().weight());
            sum +=
                    switch (layer.feedForward()) {
                        case LayerFeedForward.Dense(FeedForward dense) -> sum(amount, dense);
                        case LayerFeedForward.Sparse(var sparse) ->
                                numExperts * sum(amount, sparse.experts().getFirst())
                                        + sparse.shared()
                                                .map(shared -> sum(amount, shared))
                                                .orElse(0L);
                    };
        }
        return sum;
    }

    private static long sum(ToLongFunction<Weight> amount, FeedForward expert) {
        return sum(amount, expert.gate(), expert.up(), expert.down());
    }

    private static long sum(ToLongFunction<Weight> amount, Weight... weights) {
        return Arrays.stream(weights).mapToLong(amount).sum();
    }

    /// Bytes of cache that one more token reads for each token before it.
    public long cacheBytesPerToken() {
        return KvCache.blockBytes(config, EngineOptions.CACHE_TYPE) / KvCache.BLOCK_SIZE;
    }

    @Override
    public void close() {
        workspace.close();
        cache.close();
    }

    private void step(List<Chunk> chunks, int numLogits) {
        int numTokens = chunks.stream().mapToInt(Chunk::numTokens).sum();
        try (Workspace.Frame frame = workspace.frame()) {
            FloatMatrix hidden = frame.matrix(numTokens, config.hiddenSize());
            for (int row = 0; row < numTokens; row++) {
                decoder.embed(random.nextInt(config.vocabSize()), hidden, row);
            }
            decoder.forward(hidden, chunks, workspace, DecoderObserver.NONE, () -> {});
            if (numLogits > 0) {
                FloatMatrix ends = hidden.rows(numTokens - numLogits, numLogits);
                decoder.logits(ends, frame.matrix(numLogits, config.vocabSize()), workspace);
            }
        }
    }

    private BlockTable reserve(int numTokens) {
        BlockTable blocks = new BlockTable();
        if (!cache.tryReserve(blocks, numTokens)) {
            throw new IllegalStateException("no room for %d tokens".formatted(numTokens));
        }
        return blocks;
    }

    private void fill(BlockTable blocks, int depth) {
        try (Workspace.Frame frame = workspace.frame()) {
            fill(blocks, depth, frame.matrix(1, config.cacheRowSize()));
        }
    }

    private void fill(BlockTable blocks, int depth, FloatMatrix latent) {
        for (int block = 0; block < KvCache.blocksFor(depth); block++) {
            for (int layer = 0; layer < config.numLayers(); layer++) {
                for (int row = 0; row < KvCache.BLOCK_SIZE; row++) {
                    for (int i = 0; i < latent.numColumns(); i++) {
                        latent.set(0, i, (float) random.nextDouble(-1, 1));
                    }
                    cache.put(layer, blocks.block(block), row, latent, 0);
                }
            }
        }
    }
}
