package io.moonglass.clients;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/// Collects a whole body up to a limit.
final class BoundedBody implements BodySubscriber<byte[]> {

    private final int maxBytes;
    private final boolean isCut;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final CompletableFuture<byte[]> whole = new CompletableFuture<>();
    private Flow.Subscription subscription;

    private BoundedBody(int maxBytes, boolean isCut) {
        this.maxBytes = maxBytes;
        this.isCut = isCut;
    }

    /// A body that is larger is a fault.
    static BoundedBody atMost(int maxBytes) {
        return new BoundedBody(maxBytes, false);
    }

    /// Of a body that is larger the beginning is enough.
    static BoundedBody beginning(int maxBytes) {
        return new BoundedBody(maxBytes, true);
    }

    @Override
    public CompletionStage<byte[]> getBody() {
        return whole;
    }

    @Override
    public void onSubscribe(Flow.Subscription upstream) {
        subscription = upstream;
        upstream.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        for (ByteBuffer buffer : buffers) {
            int numTaken = Math.min(buffer.remaining(), maxBytes - bytes.size());
            byte[] taken = new byte[numTaken];
            buffer.get(taken);
            bytes.writeBytes(taken);
            if (buffer.hasRemaining() && !whole.isDone()) {
                subscription.cancel();
                if (isCut) {
                    whole.complete(bytes.toByteArray());
                } else {
                    whole.completeExceptionally(
                            new IOException(
                                    "an answer of more than %,d bytes".formatted(maxBytes)));
                }
            }
        }
    }

    @Override
    public void onError(Throwable fault) {
        whole.completeExceptionally(fault);
    }

    @Override
    public void onComplete() {
        whole.complete(bytes.toByteArray());
    }
}
