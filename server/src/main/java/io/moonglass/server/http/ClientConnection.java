package io.moonglass.server.http;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A client's connection, which can be watched while its request is being answered: the server reads
/// ahead on a thread of its own, and learns at once when the client closes. What was read ahead is
/// the start of the client's next request and is handed to the connection's reader when it asks.
final class ClientConnection extends ForwardingContext implements ClientLink {

    private static final System.Logger LOG = System.getLogger(ClientConnection.class.getName());
    private static final Duration SLOW_CLOSE = Duration.ofSeconds(2);

    private final DataReader source;
    private final AcceptedConnection accepted;
    private final DataReader reader = DataReader.create(this::nextBytes);
    private final CompletableFuture<byte[]> stopped = new CompletableFuture<>();
    private final DataWriter writer;
    private boolean closesSlowly;
    private BodyDeadline bodyDeadline;
    // of the connection's own thread; at most one thread reads from the socket
    private CompletableFuture<byte[]> readAhead;

    ClientConnection(ConnectionContext context, AcceptedConnection accepted) {
        super(context);
        this.source = context.dataReader();
        this.accepted = accepted;
        this.writer = new WatchedWriter(context.dataWriter(), accepted);
    }

    /// Tells what it waits for next.
    void awaits(AcceptedConnection.Phase phase) {
        accepted.awaits(phase);
    }

    @Override
    public void whenGone(Runnable gone) {
        startReadAhead();
        readAhead.whenComplete((bytes, fault) -> {
            if (bytes == null) {
                gone.run();
            }
        });
    }

    @Override
    public boolean hasLeft() {
        return false; // a write tells
    }

    @Override
    public void abort() {
        accepted.close();
    }

    @Override
    public void readUntil(BodyDeadline deadline) {
        bodyDeadline = deadline;
    }

    @Override
    public void endAfter(ServerResponse response) {
        response.header(HeaderValues.CONNECTION_CLOSE);
    }

    @Override
    public void stopReading() {
        stopped.completeExceptionally(HttpFault.shuttingDown());
    }

    @Override
    public void readWithoutDeadline() {
        bodyDeadline = null;
    }

    @Override
    public Optional<RuntimeException> whyUnreadable() {
        return Optional.empty(); // the read itself fails with the reason
    }

    /// The rest of the body may come slowly or never, or its end be unknown, so the connection cannot carry another
    /// request.
    @Override
    public void leaveBody(ServerResponse response) {
        response.header(HeaderValues.CONNECTION_CLOSE);
        closeSlowly();
    }

    /// Asks that the connection, when it ends, go on reading for a moment. The client may still be
    /// sending: a close with bytes unread would reset the connection, and the client might never see
    /// the answer that tells it why.
    void closeSlowly() {
        closesSlowly = true;
    }

    /// To be called on the connection's thread before the socket is closed.
    void beforeClose() {
        if (!closesSlowly) {
            return;
        }
        CompletableFuture<Void> deadline =
                CompletableFuture.runAsync(
                        this::abort,
                        CompletableFuture.delayedExecutor(
                                SLOW_CLOSE.toMillis(), TimeUnit.MILLISECONDS));
        try {
            while (nextBytes() != null) {
                // thrown away
            }
        } catch (CloseConnectionException e) {
            LOG.log(System.Logger.Level.DEBUG, "closed while the client was still sending", e);
        } finally {
            deadline.cancel(false);
        }
    }

    private byte[] nextBytes() {
        byte[] bytes = bodyDeadline == null ? readAheadOrNow() : nextBytesInTime();
        if (bytes != null) {
            accepted.came();
        }
        return bytes;
    }

    private byte[] readAheadOrNow() {
        CompletableFuture<byte[]> ahead = readAhead;
        readAhead = null;
        return ahead == null ? read() : resultOf(ahead::get);
    }

    /// A blocked read has no end of its own, so it is another thread's; it stays the one that reads if
    /// the time is over before it is.
    private byte[] nextBytesInTime() {
        startReadAhead();
        long nanosLeft = bodyDeadline.nanosLeft();
        CompletableFuture<Object> either = CompletableFuture.anyOf(readAhead, stopped);
        byte[] bytes =
                resultOf(() -> (byte[]) either.get(Math.max(0, nanosLeft), TimeUnit.NANOSECONDS));
        readAhead = null;
        bodyDeadline.came(bytes == null ? 0 : bytes.length);
        return bytes;
    }

    private void startReadAhead() {
        if (readAhead == null) {
            CompletableFuture<byte[]> bytes = new CompletableFuture<>();
            readAhead = bytes;
            Thread.ofVirtual().name("client-watch").start(() -> readInto(bytes));
        }
    }

    private static byte[] resultOf(Callable<byte[]> read) {
        try {
            return read.call();
        } catch (TimeoutException e) {
            throw HttpFault.bodyTooSlow();
        } catch (InterruptedException e) {
            throw new ServerConnectionException("interrupted while waiting for the client", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HttpFault fault) {
                throw fault;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new ServerConnectionException("cannot read from the client", e.getCause());
        } catch (Exception e) {
            throw new ServerConnectionException("cannot read from the client", e);
        }
    }

    private void readInto(CompletableFuture<byte[]> bytes) {
        try {
            bytes.complete(read());
        } catch (RuntimeException
                | Error e) { // whoever waits for it must learn that there was no memory
            bytes.completeExceptionally(e);
        }
    }

    /// Whatever has come, or null if the client has closed its end.
    private byte[] read() {
        try {
            source.ensureAvailable();
        } catch (DataReader.InsufficientDataAvailableException e) {
            return null;
        }
        return source.readBuffer(source.available()).readBytes();
    }

    @Override
    public DataReader dataReader() {
        return reader;
    }

    @Override
    public DataWriter dataWriter() {
        return writer;
    }
}
