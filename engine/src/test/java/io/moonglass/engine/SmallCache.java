package io.moonglass.engine;

import io.moonglass.loader.config.TextConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/// Caches of a few numbers per token, and sequences that need no model.
final class SmallCache {

    private static final AtomicInteger NUM_SEQUENCES = new AtomicInteger();

    private SmallCache() {}

    /// A cache of two layers with three numbers per token.
    static KvCache ofBlocks(int numBlocks) {
        return new KvCache(config(2, 1, 2), CacheType.F32, numBlocks, true);
    }

    static TextConfig config(int numLayers, int kvLoraRank, int qkRopeHeadDim) {
        return new TextConfig(
                8,
                1,
                numLayers,
                1,
                1,
                1,
                1,
                0,
                1,
                0,
                1,
                1,
                1,
                true,
                1,
                kvLoraRank,
                1,
                qkRopeHeadDim,
                1,
                10_000,
                1024,
                1e-5f,
                false);
    }

    static Sequence sequence(int numPromptTokens) {
        return sequence(numPromptTokens, RequestScope.DEFAULT, Scoring.NONE);
    }

    static Sequence sequence(int numPromptTokens, RequestScope scope, Scoring scoring) {
        int tokenId = NUM_SEQUENCES.incrementAndGet(); // no two begin alike
        return sequence(tokenId, numPromptTokens, scope, scoring);
    }

    /// Another sequence whose prompt begins like this one's, or is the same.
    static Sequence beginningLike(Sequence other, int numPromptTokens) {
        return sequence(other.tokenId(0), numPromptTokens, RequestScope.DEFAULT, Scoring.NONE);
    }

    /// Another answer to the same request.
    static Sequence branchOf(Sequence leader) {
        GenerationRequest request = leader.request();
        Branch branch = new Branch(SamplingParameters.GREEDY, new RecordingSink());
        return new Sequence(request, branch, new BlockKeys(request), leader, 8);
    }

    private static Sequence sequence(
            int tokenId, int numPromptTokens, RequestScope scope, Scoring scoring) {
        int[] prompt = new int[numPromptTokens];
        Arrays.fill(prompt, tokenId);
        Branch branch = new Branch(SamplingParameters.GREEDY, new RecordingSink());
        GenerationRequest request =
                new GenerationRequest(
                        prompt, -1, List.of(), 1000, Set.of(), scope, scoring, List.of(branch));
        return new Sequence(request, branch, new BlockKeys(request), null, 8);
    }
}
