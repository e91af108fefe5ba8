package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;

/// Keeps what is told of a generation and how it ended; fails it if things are told out of order.
class RecordingSink implements TokenSink {

    private final List<Integer> tokenIds = new ArrayList<>();
    private final List<TokenLogprobs> logprobs = new ArrayList<>();
    private final List<TokenLogprobs> promptLogprobs = new ArrayList<>();
    private float[] features;
    private int numCachedTokens = -1;
    private final CompletableFuture<FinishReason> ending = new CompletableFuture<>();
    private final AtomicInteger numEndings = new AtomicInteger();
    private final IntPredicate goOn;

    RecordingSink() {
        this(_ -> true);
    }

    /// @param goOn given the number of tokens so far, on the engine's thread
    RecordingSink(IntPredicate goOn) {
        this.goOn = goOn;
    }

    @Override
    public void promptScored(int position, TokenLogprobs found) {
        promptLogprobs.add(found);
        if (numCachedTokens >= 0 || position != promptLogprobs.size()) {
            throw new IllegalStateException("position %d is told too late".formatted(position));
        }
    }

    @Override
    public void features(float[] mean) {
        if (numCachedTokens >= 0 || features != null) {
            throw new IllegalStateException("features are told too late");
        }
        features = mean;
    }

    @Override
    public void promptComputed(int numCached) {
        if (numCachedTokens >= 0) {
            throw new IllegalStateException("the prompt is computed twice");
        }
        numCachedTokens = numCached;
    }

    @Override
    public boolean accept(int tokenId, TokenLogprobs found) {
        tokenIds.add(tokenId);
        logprobs.add(found);
        return goOn.test(tokenIds.size());
    }

    @Override
    public void finished(FinishReason reason) {
        numEndings.incrementAndGet();
        ending.complete(reason);
    }

    @Override
    public void failed(RuntimeException fault) {
        numEndings.incrementAndGet();
        ending.completeExceptionally(fault);
    }

    /// Waits for the end of a generation that must not fail.
    FinishReason reason() {
        try {
            return ending.get(60, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            return fail("the generation did not finish", e);
        }
    }

    /// Waits for the end of a generation that must fail.
    Throwable fault() {
        try {
            return fail("the generation ended with " + ending.get(60, TimeUnit.SECONDS));
        } catch (ExecutionException e) {
            return e.getCause();
        } catch (InterruptedException | TimeoutException e) {
            return fail("the generation did not end", e);
        }
    }

    /// The tokens of a generation that was waited for.
    List<Integer> tokenIds() {
        return tokenIds;
    }

    /// Of each token; null where they were not told.
    List<TokenLogprobs> logprobs() {
        return logprobs;
    }

    /// Of the prompt's tokens from the second on.
    List<TokenLogprobs> promptLogprobs() {
        return promptLogprobs;
    }

    /// Null if they were not told.
    float[] features() {
        return features;
    }

    /// -1 if the prompt was not computed.
    int numCachedTokens() {
        return numCachedTokens;
    }

    /// All that was told of a generation that must not fail, to the bit; but not what was cached.
    String transcript() {
        return "%s %s %s %s %s"
                .formatted(
                        reason(),
                        tokenIds,
                        logprobs.stream().map(RecordingSink::text).toList(),
                        promptLogprobs.stream().map(RecordingSink::text).toList(),
                        Arrays.toString(features));
    }

    static String text(TokenLogprobs found) {
        return found == null
                ? "-"
                : "%s #%d %s %s"
                        .formatted(
                                found.logprob(),
                                found.rank(),
                                Arrays.toString(found.topTokenIds()),
                                Arrays.toString(found.topLogprobs()));
    }

    /// How often the sink was told of an end; all of them are known once the engine is closed.
    int numEndings() {
        return numEndings.get();
    }
}
