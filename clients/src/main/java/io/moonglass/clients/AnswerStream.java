package io.moonglass.clients;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// The pieces of one answer, each as it comes; they can be gone through once, by one thread. Closing it before the end
/// ends the generation, and one that was read to its end needs no closing.
///
/// ```java
/// try (AnswerStream<ChatCompletionChunk> answer = client.stream(request)) {
///     for (ChatCompletionChunk chunk : answer) {
///         System.out.print(chunk.text());
///     }
/// }
/// ```
public final class AnswerStream<T> implements Iterable<T>, AutoCloseable {

    /// Pieces that may lie here unread.
    private static final int MAX_AHEAD = 16;

    private static final Object END = new Object();

    private final Transport transport;
    private final LinkedBlockingQueue<Object> pieces = new LinkedBlockingQueue<>();
    private final Pieces iterator = new Pieces();
    private volatile Flow.Subscription subscription;
    private Consumer<? super T> eachRead = piece -> {};
    private Runnable atEnd = () -> {};
    private Runnable atClose = () -> {};
    private boolean isTaken;

    private record Broken(Throwable fault) {}

    private AnswerStream(Transport transport) {
        this.transport = transport;
    }

    /// Returns when the first piece is there, or nothing will come.
    ///
    /// @throws MoonglassException if the request is refused
    static <T> AnswerStream<T> open(Transport transport, Flow.Publisher<T> publisher) {
        AnswerStream<T> stream = new AnswerStream<>(transport);
        publisher.subscribe(stream.new Subscriber());
        stream.iterator.hasNext();
        return stream;
    }

    /// Has each piece seen when it is read, and is told of the end.
    ///
    /// @param whole run when the last piece was read
    /// @param ended run when it is over in whichever way, after that; perhaps more than once
    AnswerStream<T> observed(Consumer<? super T> each, Runnable whole, Runnable ended) {
        eachRead = each;
        atEnd = whole;
        atClose = ended;
        if (iterator.isEnded) {
            iterator.end();
        }
        return this;
    }

    /// @throws IllegalStateException if it was asked for before: pieces come once
    @Override
    public Iterator<T> iterator() {
        if (isTaken) {
            throw new IllegalStateException("the answer's pieces are read already; ask again");
        }
        isTaken = true;
        return iterator;
    }

    /// The pieces as a stream, whose closing closes this. What [#iterator()] throws its operations throw.
    public Stream<T> stream() {
        Spliterator<T> spliterator =
                Spliterators.spliteratorUnknownSize(
                        iterator(), Spliterator.ORDERED | Spliterator.NONNULL);
        return StreamSupport.stream(spliterator, false).onClose(this::close);
    }

    /// Ends the generation, if it has not ended. Another thread may do so: who reads then gets a
    /// [RequestCancelledException].
    @Override
    public void close() {
        if (!iterator.isEnded) {
            Flow.Subscription source = subscription;
            if (source != null) {
                source.cancel();
            }
            pieces.add(
                    new Broken(
                            new RequestCancelledException(Fault.local("the stream was closed"))));
        }
        atClose.run();
    }

    private final class Subscriber implements Flow.Subscriber<T> {

        @Override
        public void onSubscribe(Flow.Subscription source) {
            subscription = source;
            source.request(MAX_AHEAD);
        }

        @Override
        public void onNext(T piece) {
            pieces.add(piece);
        }

        @Override
        public void onError(Throwable fault) {
            pieces.add(new Broken(fault));
        }

        @Override
        public void onComplete() {
            pieces.add(END);
        }
    }

    private final class Pieces implements Iterator<T> {

        private T next;
        private volatile boolean isEnded;

        /// @throws MoonglassException if the answer breaks off
        @Override
        public boolean hasNext() {
            if (next == null && !isEnded) {
                take();
            }
            return next != null;
        }

        @Override
        public T next() {
            if (!hasNext()) {
                throw new NoSuchElementException("the answer has ended");
            }
            T piece = next;
            next = null;
            subscription.request(1);
            eachRead.accept(piece);
            return piece;
        }

        @SuppressWarnings("unchecked") // what is neither end nor fault is a piece
        private void take() {
            Object taken;
            try {
                taken = pieces.take();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                close();
                isEnded = true;
                throw transport.interrupted(e);
            }
            if (taken == END) {
                isEnded = true;
                end();
            } else if (taken instanceof Broken) {
                isEnded = true;
                atClose.run();
                throw thrown(((Broken) taken).fault());
            } else {
                next = (T) taken;
            }
        }

        private void end() {
            atEnd.run();
            atClose.run();
        }

        private RuntimeException thrown(Throwable fault) {
            if (fault instanceof Error) {
                throw (Error) fault;
            }
            return fault instanceof RuntimeException
                    ? (RuntimeException) fault
                    : transport.faults().ofConnection(fault, true);
        }
    }
}
