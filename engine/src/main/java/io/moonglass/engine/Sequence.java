package io.moonglass.engine;

import java.util.Arrays;

/// One generation in the engine: its tokens, how many of them are in the cache, and where. Engine
/// thread only.
final class Sequence {

    private final GenerationRequest request;
    private final Branch branch;
    private final Sampler sampler;
    private final BlockTable blocks = new BlockTable();
    private int[] tokenIds;
    private int numTokens;
    private int numCached;
    private int numImageRowsUsed;

    Sequence(GenerationRequest request, Branch branch, int vocabSize) {
        this.request = request;
        this.branch = branch;
        this.sampler = new Sampler(branch.sampling(), request.tokenIds(), vocabSize);
        this.tokenIds = Arrays.copyOf(request.tokenIds(), request.tokenIds().length + 16);
        this.numTokens = request.tokenIds().length;
    }

    GenerationRequest request() {
        return request;
    }

    TokenSink sink() {
        return branch.sink();
    }

    Sampler sampler() {
        return sampler;
    }

    BlockTable blocks() {
        return blocks;
    }

    int tokenId(int position) {
        return tokenIds[position];
    }

    /// Prompt and generated tokens so far.
    int numTokens() {
        return numTokens;
    }

    int numPromptTokens() {
        return request.tokenIds().length;
    }

    int numGenerated() {
        return numTokens - numPromptTokens();
    }

    /// Tokens whose keys are in the cache; the next step begins here.
    int numCached() {
        return numCached;
    }

    /// Tokens that must still pass through the decoder before the next one can be chosen.
    int numUncached() {
        return numTokens - numCached;
    }

    boolean isPrefilling() {
        return numUncached() > 1 || numCached < numPromptTokens();
    }

    void append(int tokenId) {
        if (numTokens == tokenIds.length) {
            tokenIds = Arrays.copyOf(tokenIds, 2 * numTokens);
        }
        tokenIds[numTokens++] = tokenId;
    }

    /// The row of the request's image rows that the next image position takes.
    int nextImageRow() {
        return numImageRowsUsed++;
    }

    void cached(int numMore) {
        numCached += numMore;
    }

    /// Forgets the cache: everything passes through the decoder again.
    void rewind() {
        numCached = 0;
        numImageRowsUsed = 0;
    }
}
