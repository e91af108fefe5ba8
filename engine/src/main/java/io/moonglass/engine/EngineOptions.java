package io.moonglass.engine;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.tensor.MachineMemory;

/// The engine's limits.
///
/// @param contextLength  most tokens a prompt and its answer may have together
/// @param numCacheBlocks blocks of [KvCache#BLOCK_SIZE] tokens; memory is taken as they are used
/// @param maxStepTokens  tokens of one forward pass; scratch memory grows with it
/// @param maxRunning     generations that share a step
public record EngineOptions(
        int contextLength, int numCacheBlocks, int maxStepTokens, int maxRunning) {

    private static final int DEFAULT_STEP_TOKENS = 512;
    private static final int DEFAULT_RUNNING = 32;

    public EngineOptions {
        if (contextLength < 1 || numCacheBlocks < 1 || maxStepTokens < 1 || maxRunning < 1) {
            throw new ConfigException(
                    "engine: context length %d, cache blocks %d, step tokens %d, running %d; want all above 0"
                            .formatted(contextLength, numCacheBlocks, maxStepTokens, maxRunning));
        }
        if (maxRunning > maxStepTokens) {
            throw new ConfigException(
                    "engine: %d running generations do not fit into steps of %d tokens"
                            .formatted(maxRunning, maxStepTokens));
        }
    }

    /// The whole context of the model, and a cache of a quarter of this machine's memory or eight
    /// full contexts, whichever is less.
    public static EngineOptions defaults(TextConfig config) {
        long blocksOfMemory = MachineMemory.bytes() / 4 / KvCache.blockBytes(config);
        long blocksOfContexts = 8L * KvCache.blocksFor(config.maxPositionEmbeddings());
        return new EngineOptions(
                config.maxPositionEmbeddings(),
                Math.toIntExact(Math.max(1, Math.min(blocksOfMemory, blocksOfContexts))),
                DEFAULT_STEP_TOKENS,
                DEFAULT_RUNNING);
    }
}
