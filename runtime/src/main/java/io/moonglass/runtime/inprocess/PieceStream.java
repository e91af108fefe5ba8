package io.moonglass.runtime.inprocess;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.clients.ErrorBody;
import io.moonglass.clients.ServiceFault;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Flow;
import java.util.concurrent.SubmissionPublisher;
import java.util.function.Function;

/// The pieces of one answer on their way to one subscriber. Whoever sends waits where the subscriber does not ask for more;
/// the generation goes on meanwhile.
final class PieceStream {

    private static final ObjectMapper JSON = new ObjectMapper();

    /// Pieces that may lie between the two.
    private static final int MAX_AHEAD = 16;

    private final SubmissionPublisher<String> pieces =
            new SubmissionPublisher<>(Thread::startVirtualThread, MAX_AHEAD);
    private final Function<Throwable, ServiceFault> faults;
    private boolean hasBegun;
    private boolean isCancelled;
    private Runnable whenCancelled = () -> {};

    /// Makes the pieces.
    interface Source {
        void sendTo(PieceStream stream) throws InterruptedException;
    }

    private PieceStream(Function<Throwable, ServiceFault> faults) {
        this.faults = faults;
    }

    /// Begins to answer, on a thread of its own.
    ///
    /// @param faults what is told of what the source throws
    static void start(
            Flow.Subscriber<? super String> subscriber,
            Function<Throwable, ServiceFault> faults,
            Source source) {
        PieceStream stream = new PieceStream(faults);
        stream.pieces.subscribe(stream.new Watched(subscriber));
        Thread.ofVirtual().name("stream").start(() -> stream.run(source));
    }

    private void run(Source source) {
        try {
            source.sendTo(this);
            pieces.close();
        } catch (Throwable e) { // an Error too: somebody waits
            fail(faults.apply(e));
        }
    }

    /// What was sent before comes first: the publisher's own faults would overtake it.
    private void fail(ServiceFault fault) {
        if (hasBegun) {
            pieces.submit(
                    text(new ErrorBody(fault.detail()))); // to nobody, if nobody reads any more
            pieces.close();
        } else {
            pieces.closeExceptionally(fault);
        }
    }

    /// Waits until there is room for it.
    ///
    /// @param piece what Jackson writes
    /// @throws CancellationException if nobody takes it any more
    void send(Object piece) {
        if (!pieces.hasSubscribers()) {
            throw new CancellationException("nobody reads the answer");
        }
        hasBegun = true;
        pieces.submit(text(piece));
    }

    private static String text(Object piece) {
        try {
            return JSON.writeValueAsString(piece);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an answer cannot be written as JSON", e);
        }
    }

    /// @param end run once the subscriber wants no more, at once if that is so already
    synchronized void whenCancelled(Runnable end) {
        whenCancelled = end;
        if (isCancelled) {
            end.run();
        }
    }

    private synchronized void cancelled() {
        isCancelled = true;
        whenCancelled.run();
    }

    /// The subscriber, whose cancelling ends the generation at once and not at the next piece.
    private final class Watched implements Flow.Subscriber<String> {

        private final Flow.Subscriber<? super String> subscriber;

        Watched(Flow.Subscriber<? super String> subscriber) {
            this.subscriber = subscriber;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscriber.onSubscribe(
                    new Flow.Subscription() {
                        @Override
                        public void request(long n) {
                            subscription.request(n);
                        }

                        @Override
                        public void cancel() {
                            subscription.cancel();
                            cancelled();
                        }
                    });
        }

        @Override
        public void onNext(String piece) {
            subscriber.onNext(piece);
        }

        @Override
        public void onError(Throwable fault) {
            subscriber.onError(fault);
        }

        @Override
        public void onComplete() {
            subscriber.onComplete();
        }
    }
}
