package io.moonglass.runtime.answer;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.TokenLogprobs;
import io.moonglass.engine.TokenSink;

/// A sink that gives back what its generation holds: some of it when the prompt is computed, the rest once
/// the generation has ended, and in both cases before its caller is told.
///
/// @param promptComputed may be called for several sinks of one prompt
public record ClosingSink(TokenSink sink, Runnable promptComputed, Runnable close)
        implements TokenSink {

    @Override
    public void begun() {
        sink.begun();
    }

    @Override
    public void promptScored(int position, TokenLogprobs logprobs) {
        sink.promptScored(position, logprobs);
    }

    @Override
    public void features(float[] mean) {
        sink.features(mean);
    }

    @Override
    public void promptComputed(int numCachedTokens) {
        promptComputed.run();
        sink.promptComputed(numCachedTokens);
    }

    @Override
    public boolean accept(int tokenId, TokenLogprobs logprobs) {
        return sink.accept(tokenId, logprobs);
    }

    @Override
    public void finished(FinishReason reason) {
        close.run();
        sink.finished(reason);
    }

    @Override
    public void failed(RuntimeException fault) {
        close.run();
        sink.failed(fault);
    }
}
