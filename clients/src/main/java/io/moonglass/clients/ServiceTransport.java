package io.moonglass.clients;

import java.io.IOException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Flow;
import java.util.function.Supplier;

/// Hands requests to a model in this process. Nothing is sent twice: what fails here fails again.
final class ServiceTransport extends Transport {

    private static final String PEER = "the model in this process";

    private final ModelService service;

    ServiceTransport(ModelService service) {
        super(PEER);
        this.service = service;
    }

    @Override
    ServiceTransport withApiKey(String key) {
        return this;
    }

    @Override
    ServiceTransport withRequestId(String id) {
        return this;
    }

    @Override
    long uploadOver() {
        return Long.MAX_VALUE;
    }

    @Override
    <T> CompletableFuture<T> send(
            Supplier<CompletableFuture<Call>> preparation, AnswerReader<T> reader) {
        CompletableFuture<T> result = new CompletableFuture<>();
        CompletableFuture<byte[]> answer;
        try {
            answer = preparation.get().thenCompose(call -> begun(call, result));
        } catch (RuntimeException e) { // a file that cannot be read
            return CompletableFuture.failedFuture(e);
        }
        answer.whenComplete((body, fault) -> {
            if (fault != null) {
                result.completeExceptionally(told(fault));
                return;
            }
            try {
                result.complete(reader.read(body));
            } catch (IOException e) {
                result.completeExceptionally(faults().ofNonsense(e));
            } catch (RuntimeException e) { // no record can be made of it
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    /// An answer that is worked for as long as somebody waits for the result.
    private CompletableFuture<byte[]> begun(Call call, CompletableFuture<?> result) {
        CompletableFuture<byte[]> answer = service.answer(path(call), call.json());
        result.whenComplete(
                (value, fault) -> answer.cancel(true)); // of no effect on one that has ended
        return answer;
    }

    /// Paths that take something else than JSON, or delete something, are a server's alone.
    private static String path(Call call) {
        boolean isAsked = call.json() != null || call.method().equals("GET");
        if (!isAsked) {
            throw new NotFoundException(
                    Fault.local(PEER + " keeps no files and knows no requests by their ids"));
        }
        return call.path();
    }

    @Override
    <T> Flow.Publisher<T> events(
            Supplier<CompletableFuture<Call>> preparation, Supplier<EventDecoder<T>> decoders) {
        return subscriber -> {
            Objects.requireNonNull(subscriber, "subscriber");
            Call call;
            try {
                call = preparation.get().join(); // nothing is uploaded, so nothing is waited for
            } catch (RuntimeException e) {
                subscriber.onSubscribe(new NoSubscription());
                subscriber.onError(told(e));
                return;
            }
            service.stream(path(call), call.json())
                    .subscribe(new Decoding<>(decoders.get(), subscriber));
        };
    }

    private Throwable told(Throwable fault) {
        Throwable cause =
                fault instanceof CompletionException && fault.getCause() != null
                        ? fault.getCause()
                        : fault;
        return cause instanceof ServiceFault ? ((ServiceFault) cause).told() : cause;
    }

    /// Of a stream that ends before it begins.
    private static final class NoSubscription implements Flow.Subscription {

        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
    }

    /// Makes items of texts on their way.
    private final class Decoding<T> implements Flow.Subscriber<String> {

        private final EventDecoder<T> decoder;
        private final Flow.Subscriber<? super T> subscriber;
        private Flow.Subscription source;
        private boolean isOver;

        Decoding(EventDecoder<T> decoder, Flow.Subscriber<? super T> subscriber) {
            this.decoder = decoder;
            this.subscriber = subscriber;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            source = subscription;
            subscriber.onSubscribe(subscription);
        }

        @Override
        public void onNext(String text) {
            if (isOver) {
                return;
            }
            T item;
            try {
                item = decoder.decode(text);
            } catch (MoonglassException e) {
                fail(e);
                return;
            } catch (IOException e) {
                fail(faults().ofNonsense(e));
                return;
            }
            subscriber.onNext(item);
        }

        private void fail(MoonglassException fault) {
            source.cancel();
            onError(fault.withPartialText(decoder.text()));
        }

        @Override
        public void onError(Throwable fault) {
            if (!isOver) {
                isOver = true;
                subscriber.onError(told(fault));
            }
        }

        @Override
        public void onComplete() {
            if (!isOver) {
                isOver = true;
                subscriber.onComplete();
            }
        }
    }
}
