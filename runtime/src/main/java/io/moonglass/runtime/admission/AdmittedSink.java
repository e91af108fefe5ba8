package io.moonglass.runtime.admission;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.TokenSink;

/// A sink whose request leaves the queue when its prompt is computed, or when it ends. Several sinks may hold the same share.
public record AdmittedSink(TokenSink sink, AdmissionQueue.Share share) implements TokenSink {

    @Override
    public void promptComputed(int numCachedTokens) {
        share.promptComputed();
        sink.promptComputed(numCachedTokens);
    }

    @Override
    public boolean accept(int tokenId) {
        return sink.accept(tokenId);
    }

    @Override
    public void finished(FinishReason reason) {
        share.close();
        sink.finished(reason);
    }

    @Override
    public void failed(RuntimeException fault) {
        share.close();
        sink.failed(fault);
    }
}
