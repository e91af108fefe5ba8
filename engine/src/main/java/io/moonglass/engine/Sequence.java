package io.moonglass.engine;

import io.moonglass.loader.digest.Digest;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;

/// One generation in the engine: its tokens, how many of them are in the cache, and where. Engine
/// thread only.
final class Sequence {

    /// Tokens at a prompt's end that take longer to compute than a step to wait for.
    private static final int WORTH_WAITING = 8;

    private final GenerationRequest request;
    private final Branch branch;
    private final Sampler sampler;
    private final BlockTable blocks = new BlockTable();
    private final BlockKeys keys;
    private final Sequence leader;
    private Sequence forerunner;
    private Digest promptKey;
    private final PromptScore score;
    private int[] tokenIds;
    private int numTokens;
    private int numCached;
    private int numPublished;
    private boolean endPublished;
    private int numImageRowsUsed;
    private int numAdopted;
    private int furthest;
    private boolean begun;
    private long lastTokenAt;
    private boolean abandoned;
    private boolean ended;
    private final DraftRecord drafts = new DraftRecord();

    // made by the thread that submits the request
    private final Optional<RequestContext> context = RequestContext.current();

    /// @param keys   of the prompt
    /// @param leader the first branch of the same request, whose prompt it needs; null for that one itself
    Sequence(
            GenerationRequest request,
            Branch branch,
            BlockKeys keys,
            Sequence leader,
            int vocabSize) {
        this.request = request;
        this.branch = branch;
        this.keys = keys;
        this.leader = leader;
        this.sampler =
                new Sampler(
                        branch.sampling(),
                        branch.mask(),
                        request.stopTokenIds(),
                        request.tokenIds(),
                        vocabSize);
        boolean isRead = leader == null && request.scoring().readsPrompt();
        this.score = isRead ? new PromptScore(request) : null;
        this.tokenIds = Arrays.copyOf(request.tokenIds(), request.tokenIds().length + 16);
        this.numTokens = request.tokenIds().length;
    }

    GenerationRequest request() {
        return request;
    }

    RequestScope scope() {
        return request.scope();
    }

    TokenSink sink() {
        return branch.sink();
    }

    /// Does this in the request's context.
    void inContext(Runnable work) {
        context.ifPresentOrElse(request -> request.run(work), work);
    }

    Sampler sampler() {
        return sampler;
    }

    /// What is told of its prompt; null if nothing is.
    PromptScore score() {
        return score;
    }

    /// Whether the logits of its prompt's rows are needed, too.
    boolean isScored() {
        return score != null && score.needsLogits();
    }

    BlockTable blocks() {
        return blocks;
    }

    /// How its guesses have fared.
    DraftRecord drafts() {
        return drafts;
    }

    int tokenId(int position) {
        return tokenIds[position];
    }

    /// Prompt and generated tokens so far.
    int numTokens() {
        return numTokens;
    }

    int numPromptTokens() {
        return request.numPromptTokens();
    }

    int numGenerated() {
        return numTokens - numPromptTokens();
    }

    /// Whether tokens are wanted, and not just what is told of the prompt.
    boolean generates() {
        return request.maxTokens() > 0;
    }

    /// Tokens that need room before the next step: one more than there are, if one more may come.
    int numExpected() {
        return Math.min(numTokens + 1, numPromptTokens() + request.maxTokens());
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

    /// Whether another branch is about to compute the prompt that it needs, too.
    boolean waitsForLeader() {
        return leader != null && numGenerated() == 0 && !leader.ended && leader.numGenerated() == 0;
    }

    /// Whether it goes on from this one's prompt: as a branch of the same request, or because its own is the same.
    boolean follows(Sequence other) {
        return leader == other || forerunner == other;
    }

    /// Whether its first token can be chosen from what is computed for another that has said nothing either:
    /// if their prompts are the same, and nothing but tokens is wanted.
    boolean mayFollow(Sequence other) {
        return other != this
                && numGenerated() == 0
                && score == null
                && other.generates()
                && other.numPromptTokens() == numPromptTokens()
                && promptKey().equals(other.promptKey());
    }

    /// Whose prompt, the same as its own, ends with what is computed next; null if there is none.
    void follow(Sequence other) {
        forerunner = other;
    }

    /// What stands for the whole prompt.
    private Digest promptKey() {
        if (promptKey == null) {
            int block = (numPromptTokens() - 1) / KvCache.BLOCK_SIZE;
            promptKey = keys.part(block, numPromptTokens() - block * KvCache.BLOCK_SIZE);
        }
        return promptKey;
    }

    /// A step that computes something for it is about to run.
    ///
    /// @return whether it is the first since it began to wait
    boolean begin() {
        boolean isFirst = !begun;
        begun = true;
        return isFirst;
    }

    /// Nothing will be computed for it any more.
    void end() {
        ended = true;
    }

    /// It is to be ended as soon as it is not being computed.
    void abandon() {
        abandoned = true;
    }

    boolean isAbandoned() {
        return abandoned;
    }

    boolean hasEnded() {
        return ended;
    }

    void append(int tokenId) {
        if (numTokens == tokenIds.length) {
            tokenIds = Arrays.copyOf(tokenIds, 2 * numTokens);
        }
        tokenIds[numTokens++] = tokenId;
    }

    /// A token was chosen.
    ///
    /// @return nanoseconds since the one before; empty for the first
    OptionalLong tokenChosen() {
        long before = lastTokenAt;
        lastTokenAt = System.nanoTime();
        return numGenerated() > 1 ? OptionalLong.of(lastTokenAt - before) : OptionalLong.empty();
    }

    /// The row of the request's image rows that the next image position takes.
    int nextImageRow() {
        return numImageRowsUsed++;
    }

    void cached(int numMore) {
        numCached += numMore;
        furthest = Math.max(furthest, numCached);
    }

    /// Lets other sequences find the full blocks that were computed since the last call.
    void publish(KvCache cache) {
        if (!cache.keeps()) {
            return;
        }
        keys.extendTo(numCached, this::tokenId);
        int numFull = numCached / KvCache.BLOCK_SIZE;
        cache.publish(blocks, keys, numPublished, numFull);
        numPublished = numFull;
        int rest = numPromptTokens() % KvCache.BLOCK_SIZE;
        if (rest > 0 && !endPublished && numCached >= numPromptTokens()) {
            endPublished = true;
            cache.publishPart(blocks, keys, numPromptTokens() / KvCache.BLOCK_SIZE, rest);
        }
    }

    /// Tokens that it may have from others. One is left in any case: the next one is chosen from what is
    /// computed of it; and so are those whose rows are wanted for themselves.
    private int mostAdopted() {
        int most = numTokens - 1;
        return score == null || score.isComplete() ? most : Math.min(most, score.numRead());
    }

    /// Takes the blocks that other sequences have computed of the tokens that come next.
    void adoptBlocks(KvCache cache) {
        if (cache.keeps() && numCached % KvCache.BLOCK_SIZE == 0 && numUncached() > 1) {
            keys.extendTo(numTokens, this::tokenId);
            adopted(cache.adopt(blocks, keys, numCached, mostAdopted()));
        }
    }

    /// The same, and of the block after them as much of the prompt as is known; that block must be reserved.
    void adopt(KvCache cache) {
        adoptBlocks(cache);
        int most = Math.min(numPromptTokens(), mostAdopted()) - numCached;
        if (cache.keeps() && numCached % KvCache.BLOCK_SIZE == 0 && most > 0) {
            int block = numCached / KvCache.BLOCK_SIZE;
            int numPrompt = Math.min(numPromptTokens() - numCached, KvCache.BLOCK_SIZE);
            adopted(numCached + cache.adoptPart(blocks, keys, block, numPrompt, most));
        }
    }

    private void adopted(int reached) {
        numAdopted += Math.max(0, reached - Math.max(numCached, furthest));
        goTo(reached);
    }

    /// What stands for the next block, if nothing of it is computed yet and it is full, or the prompt's end
    /// and long enough to wait for another that computes the same; or null.
    Digest nextKey() {
        int block = numCached / KvCache.BLOCK_SIZE;
        int numPrompt = numPromptTokens() - numCached;
        if (numCached % KvCache.BLOCK_SIZE != 0) {
            return null;
        }
        if (block < keys.size()) {
            return keys.get(block);
        }
        return numPrompt >= WORTH_WAITING ? keys.part(block, numPrompt) : null;
    }

    /// Tokens that others had computed before it did.
    int numAdopted() {
        return numAdopted;
    }

    /// Stands where one does that it follows, whose prompt is computed.
    void fork(Sequence other, KvCache cache) {
        cache.release(blocks);
        cache.share(other.blocks, blocks, KvCache.blocksFor(numPromptTokens()));
        if (other == leader) {
            numAdopted = leader.numAdopted;
            goTo(numPromptTokens());
        } else {
            adopted(numPromptTokens());
        }
        forerunner = null;
    }

    /// It waits again.
    ///
    /// @return whether anything was computed for it
    boolean preempt() {
        boolean wasBegun = begun;
        begun = false;
        rewind();
        return wasBegun;
    }

    /// Forgets the cache: everything passes through the decoder again.
    void rewind() {
        forerunner = null;
        numCached = 0;
        numPublished = 0;
        endPublished = false;
        numImageRowsUsed = 0;
    }

    private void goTo(int position) {
        for (int i = numCached; i < Math.min(position, numPromptTokens()); i++) {
            numImageRowsUsed += request.isImage(i) ? 1 : 0;
        }
        numCached = position;
        numPublished = position / KvCache.BLOCK_SIZE;
    }
}
