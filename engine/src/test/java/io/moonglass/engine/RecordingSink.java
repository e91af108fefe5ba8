package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;

/// Keeps the tokens of a generation and how it ended.
class RecordingSink implements TokenSink {

    private final List<Integer> tokenIds = new ArrayList<>();
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
    public boolean accept(int tokenId, TokenLogprobs logprobs) {
        tokenIds.add(tokenId);
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

    /// How often the sink was told of an end; all of them are known once the engine is closed.
    int numEndings() {
        return numEndings.get();
    }
}
