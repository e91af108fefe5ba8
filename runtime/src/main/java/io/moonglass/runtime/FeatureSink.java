package io.moonglass.runtime;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.TokenLogprobs;
import io.moonglass.engine.TokenSink;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/// Takes the features of a prompt, which another thread waits for.
final class FeatureSink implements TokenSink {

    private final CompletableFuture<float[]> told = new CompletableFuture<>();

    @Override
    public void features(float[] mean) {
        told.complete(mean);
    }

    @Override
    public boolean accept(int tokenId, TokenLogprobs logprobs) {
        return false;
    }

    @Override
    public void finished(FinishReason reason) {
        told.completeExceptionally(
                new CancellationException("ended before its features were there"));
    }

    @Override
    public void failed(RuntimeException fault) {
        told.completeExceptionally(fault);
    }

    /// @return `[hiddenSize]`
    /// @throws CancellationException if nobody waits any more, or the engine stops
    float[] await(BooleanSupplier abandoned) {
        return Waiting.await(told, abandoned, () -> {});
    }
}
