package io.moonglass.runtime.answer;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.TokenSink;

/// A sink that frees what its generation used, once the generation has ended and before its caller
/// is told.
public record ClosingSink(TokenSink sink, Runnable close) implements TokenSink {

    @Override
    public void promptComputed(int numCachedTokens) {
        sink.promptComputed(numCachedTokens);
    }

    @Override
    public boolean accept(int tokenId) {
        return sink.accept(tokenId);
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
