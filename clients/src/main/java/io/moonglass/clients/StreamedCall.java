package io.moonglass.clients;

import java.io.IOException;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/// A request whose answer comes as events, for one subscriber, with its retries before the first of them. The
/// connection is read one event ahead of what the subscriber has asked for, since the end needs no asking for, and
/// what the HTTP client has in its buffers; so a slow reader slows the server.
///
/// Source: Reactive Streams 1.0.4, rules for publishers and subscriptions.
final class StreamedCall<T> implements Flow.Subscription {

    private static final int MAX_EVENT_BYTES = 64 << 20;
    private static final int MAX_ERROR_BYTES = 1 << 20;

    /// After the last event, for the connection to be of use again.
    private static final int MAX_TRAILING_BYTES = 1 << 16;

    private final HttpTransport transport;
    private final EventDecoder<T> decoder;
    private final Flow.Subscriber<? super T> subscriber;
    private final String requestId;
    private final AtomicLong demand = new AtomicLong();
    private final AtomicInteger numSignals = new AtomicInteger();
    private volatile boolean isCancelled;
    private volatile boolean isDemandWrong;
    private volatile CompletableFuture<?> inFlight;
    private volatile Try current = new Try();
    private Attempts attempts;
    private Call call;
    private boolean hasDelivered;
    private boolean isOver;

    StreamedCall(
            HttpTransport transport,
            EventDecoder<T> decoder,
            Flow.Subscriber<? super T> subscriber,
            String requestId) {
        this.transport = transport;
        this.decoder = decoder;
        this.subscriber = Objects.requireNonNull(subscriber, "subscriber");
        this.requestId = requestId;
    }

    void start(Supplier<CompletableFuture<Call>> preparation) {
        subscriber.onSubscribe(this);
        CompletableFuture<Call> prepared;
        try {
            prepared = preparation.get();
        } catch (RuntimeException e) {
            current.fail(e);
            return;
        }
        inFlight = prepared;
        prepared.whenComplete((ready, fault) -> {
            if (fault != null) {
                current.fail(fault);
                return;
            }
            call = ready;
            attempts = new Attempts(transport.settings().retries(), ready.isRepeatable());
            current.begin();
        });
    }

    @Override
    public void request(long n) {
        if (n <= 0) {
            isDemandWrong = true;
        } else {
            demand.getAndUpdate(now -> now + n < 0 ? Long.MAX_VALUE : now + n);
        }
        signal();
    }

    @Override
    public void cancel() {
        isCancelled = true;
        signal();
    }

    /// Something has changed. One thread at a time looks at what, and none waits for it.
    private void signal() {
        if (numSignals.getAndIncrement() != 0) {
            return;
        }
        int numSeen = 1;
        do {
            numSeen = numSignals.get();
            advance();
            numSeen = numSignals.addAndGet(-numSeen);
        } while (numSeen != 0);
    }

    private void advance() {
        while (!isOver) {
            Try now = current;
            if (isCancelled) {
                isOver = true;
                now.abort();
                return;
            }
            if (isDemandWrong) {
                isOver = true;
                now.abort();
                subscriber.onError(
                        new IllegalArgumentException("demand of 0 or less; want 1 or more"));
                return;
            }
            String event = now.events.peek();
            if (event == null) {
                if (now.fault != null) {
                    failOrRetry(now);
                } else if (demand.get() > 0 || hasDelivered) { // what follows may be the end
                    now.ask();
                }
                return;
            }
            if (event.equals(EventDecoder.DONE)) {
                isOver = true;
                now.finish();
                subscriber.onComplete();
                return;
            }
            if (demand.get() == 0) {
                return;
            }
            now.events.poll();
            deliver(now, event);
        }
    }

    private void deliver(Try now, String event) {
        T item;
        try {
            item = decoder.decode(event);
        } catch (MoonglassException e) {
            now.events.clear();
            now.fault = e;
            return;
        } catch (IOException e) {
            now.events.clear();
            now.fault = transport.faults().ofNonsense(e);
            return;
        }
        hasDelivered = true;
        if (demand.get() != Long.MAX_VALUE) {
            demand.decrementAndGet();
        }
        try {
            subscriber.onNext(item);
        } catch (RuntimeException e) { // against the rules; it will be told of nothing more
            isOver = true;
            now.abort();
        }
    }

    private void failOrRetry(Try failed) {
        failed.release();
        MoonglassException fault = transport.faults().ofConnection(failed.fault, failed.hasBegun);
        Optional<Duration> delay =
                hasDelivered || attempts == null ? Optional.empty() : attempts.next(fault);
        if (delay.isPresent()) {
            Try next = new Try();
            current = next;
            next.timer = Timer.after(delay.get(), () -> CompletableFuture.runAsync(next::begin));
            return;
        }
        isOver = true;
        subscriber.onError(
                failed.isForeign()
                        ? failed.fault
                        : fault.withRequestId(requestId).withPartialText(decoder.text()));
    }

    /// One sending of the request. What comes of one that was given up goes nowhere.
    private final class Try implements Flow.Subscriber<List<ByteBuffer>> {

        private final Queue<String> events = new ConcurrentLinkedQueue<>();
        private final EventStreamParser parser =
                new EventStreamParser(MAX_EVENT_BYTES, events::add);
        private volatile Throwable fault;
        private volatile boolean hasBegun;
        private volatile boolean isAsked;
        private volatile boolean isDraining;
        private volatile Flow.Subscription upstream;
        private volatile Future<?> timer;
        private int numTrailing;

        void begin() {
            if (isCancelled) {
                return;
            }
            try {
                watch();
                CompletableFuture<HttpResponse<Body>> exchange =
                        transport
                                .settings()
                                .http()
                                .sendAsync(transport.request(call, requestId), Try::body);
                inFlight = exchange;
                if (isCancelled) {
                    exchange.cancel(true);
                }
                exchange.whenComplete(this::read);
            } catch (RuntimeException e) { // a key or a header that cannot be sent
                fail(e);
            }
        }

        private static BodySubscriber<Body> body(HttpResponse.ResponseInfo head) {
            return WholeCall.isGood(head.statusCode())
                    ? BodySubscribers.mapping(
                            BodySubscribers.ofPublisher(), events -> new Body(events, null))
                    : BodySubscribers.mapping(
                            BoundedBody.beginning(MAX_ERROR_BYTES), error -> new Body(null, error));
        }

        private void read(HttpResponse<Body> response, Throwable failure) {
            unwatch();
            if (failure != null) {
                fail(failure);
            } else if (response.body().events() != null) {
                hasBegun = true;
                response.body().events().subscribe(this);
            } else {
                HttpHeaders headers = response.headers();
                fail(
                        transport
                                .faults()
                                .ofAnswer(response.statusCode(), headers, response.body().error()));
            }
        }

        /// Reads on, if it is not doing so already. Only who has the signals calls it.
        void ask() {
            Flow.Subscription source = upstream;
            if (source != null && !isAsked) {
                isAsked = true;
                watch();
                source.request(1);
            }
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            upstream = subscription;
            if (isCancelled) {
                subscription.cancel();
            }
            signal();
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            if (isDraining) {
                drain(buffers);
                return;
            }
            unwatch();
            try {
                for (ByteBuffer buffer : buffers) {
                    parser.read(buffer);
                }
                isAsked = false;
                signal();
            } catch (IOException e) {
                fail(e);
            }
        }

        private void drain(List<ByteBuffer> buffers) {
            numTrailing += buffers.stream().mapToInt(ByteBuffer::remaining).sum();
            if (numTrailing > MAX_TRAILING_BYTES) {
                release();
            }
        }

        @Override
        public void onError(Throwable failure) {
            fail(failure);
        }

        @Override
        public void onComplete() {
            fail(
                    new ConnectionLostException(
                            Fault.local(
                                    "the stream ended before its [DONE]",
                                    Fault.Advice.IF_REPEATABLE,
                                    null)));
        }

        /// What has come before it is delivered first.
        void fail(Throwable failure) {
            unwatch();
            if (fault == null && !isDraining) {
                fault =
                        failure instanceof CompletionException && failure.getCause() != null
                                ? failure.getCause()
                                : failure;
            }
            signal();
        }

        /// Whether the fault is the caller's own, such as a file that cannot be read.
        boolean isForeign() {
            return fault instanceof RuntimeException && !(fault instanceof MoonglassException);
        }

        /// All has come: the connection is read to its end, so that it can be used again.
        void finish() {
            isDraining = true;
            Flow.Subscription source = upstream;
            source.request(Long.MAX_VALUE);
            timer =
                    Timer.after(
                            transport.settings().idleTimeout(),
                            source::cancel); // of no effect on one that has ended
        }

        /// Gives the request up, here and at the server.
        void abort() {
            release();
            if (call != null && call.isCancellable()) {
                transport.cancelOnServer(requestId);
            }
        }

        void release() {
            unwatch();
            CompletableFuture<?> running = inFlight;
            if (running != null) {
                running.cancel(true);
            }
            Flow.Subscription source = upstream;
            if (source != null) {
                source.cancel();
            }
        }

        private void watch() {
            Duration timeout = transport.settings().idleTimeout();
            timer = Timer.after(timeout, () -> CompletableFuture.runAsync(() -> giveUp(timeout)));
        }

        private void unwatch() {
            Future<?> watch = timer;
            if (watch != null) {
                watch.cancel(false);
            }
        }

        private void giveUp(Duration timeout) {
            fail(
                    new DeadlineExceededException(
                            Fault.local(
                                    "nothing came from %s for %s"
                                            .formatted(transport.settings().base(), timeout))));
            abort();
        }
    }

    /// @param events of a good answer, else null
    /// @param error  the beginning of any other answer
    private record Body(Flow.Publisher<List<ByteBuffer>> events, byte[] error) {}
}
