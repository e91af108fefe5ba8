package io.moonglass.engine;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.loader.fault.ConfigException;
import java.time.Duration;

/// The engine's limits.
///
/// @param contextLength  most tokens a prompt and its answer may have together
/// @param numCacheBlocks blocks of [KvCache#BLOCK_SIZE] tokens; memory is taken as they are used
/// @param maxStepTokens  tokens of one forward pass; scratch memory grows with it
/// @param maxRunning     generations that share a step
/// @param cacheType      what the cache holds
/// @param stepTime       about how long a step may take: others wait for its end, such as who reads a stream
/// @param keepsPrefixes  whether prompts find in the cache what earlier ones computed
/// @param speculates     whether tokens are guessed ahead where that is faster
public record EngineOptions(
        int contextLength,
        int numCacheBlocks,
        int maxStepTokens,
        int maxRunning,
        CacheType cacheType,
        Duration stepTime,
        boolean keepsPrefixes,
        boolean speculates) {

    /// What the cache holds unless something else is asked for.
    static final CacheType CACHE_TYPE = CacheType.BF16;

    private static final Duration DEFAULT_STEP_TIME = Duration.ofSeconds(1);
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
        if (!stepTime.isPositive()) {
            throw new ConfigException(
                    "engine: a step may take %s; want a time above zero".formatted(stepTime));
        }
    }

    public EngineOptions(
            int contextLength,
            int numCacheBlocks,
            int maxStepTokens,
            int maxRunning,
            CacheType cacheType) {
        this(
                contextLength,
                numCacheBlocks,
                maxStepTokens,
                maxRunning,
                cacheType,
                DEFAULT_STEP_TIME,
                true,
                true);
    }

    public EngineOptions(int contextLength, int numCacheBlocks, int maxStepTokens, int maxRunning) {
        this(contextLength, numCacheBlocks, maxStepTokens, maxRunning, CACHE_TYPE);
    }

    /// The whole context of the model, and a cache of so many bytes or of eight full contexts, whichever
    /// is less.
    ///
    /// @param type       [CacheType#F32] for weights of which none is rounded, so that nothing is
    /// @param cacheBytes memory for the cache
    public static EngineOptions defaults(TextConfig config, CacheType type, long cacheBytes) {
        long blocksOfMemory = cacheBytes / KvCache.blockBytes(config, type);
        long blocksOfContexts = 8L * KvCache.blocksFor(config.maxPositionEmbeddings());
        return new EngineOptions(
                config.maxPositionEmbeddings(),
                Math.toIntExact(Math.max(1, Math.min(blocksOfMemory, blocksOfContexts))),
                DEFAULT_STEP_TOKENS,
                DEFAULT_RUNNING,
                type);
    }

    public EngineOptions withStepTime(Duration value) {
        return new EngineOptions(
                contextLength,
                numCacheBlocks,
                maxStepTokens,
                maxRunning,
                cacheType,
                value,
                keepsPrefixes,
                speculates);
    }

    /// @param value steps may hold more tokens then, if they must
    public EngineOptions withMaxRunning(int value) {
        return new EngineOptions(
                contextLength,
                numCacheBlocks,
                Math.max(maxStepTokens, value),
                value,
                cacheType,
                stepTime,
                keepsPrefixes,
                speculates);
    }

    public EngineOptions withPrefixes(boolean value) {
        return new EngineOptions(
                contextLength,
                numCacheBlocks,
                maxStepTokens,
                maxRunning,
                cacheType,
                stepTime,
                value,
                speculates);
    }

    public EngineOptions withSpeculation(boolean value) {
        return new EngineOptions(
                contextLength,
                numCacheBlocks,
                maxStepTokens,
                maxRunning,
                cacheType,
                stepTime,
                keepsPrefixes,
                value);
    }
}
