package io.moonglass.server.http;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.ProxyProtocolData;
import io.helidon.webserver.Router;
import io.helidon.webserver.ServerConnectionException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A client's connection, which can be watched while its request is being answered: the server reads
/// ahead on a thread of its own, and learns at once when the client closes. What was read ahead is
/// the start of the client's next request and is handed to the connection's reader when it asks.
final class ClientConnection implements ConnectionContext {

    /// The connection whose request the current thread answers.
    static final ScopedValue<ClientConnection> CURRENT = ScopedValue.newInstance();

    private static final System.Logger LOG = System.getLogger(ClientConnection.class.getName());

    private final ConnectionContext context;
    private final DataReader reader = DataReader.create(this::nextBytes);
    private final CompletableFuture<byte[]> stopped = new CompletableFuture<>();
    private boolean closesSlowly;
    private BodyDeadline bodyDeadline;
    // of the connection's own thread; at most one thread reads from the socket
    private CompletableFuture<byte[]> readAhead;

    ClientConnection(ConnectionContext context) {
        this.context = context;
    }

    /// Calls `gone` on another thread when the client closes its end, at once if it has already.
    /// To be called on the connection's thread when the request's body has been read. A call after
    /// the answer is possible and must do no harm.
    void whenGone(Runnable gone) {
        startReadAhead();
        readAhead.whenComplete((bytes, fault) -> {
            if (bytes == null) {
                gone.run();
            }
        });
    }

    /// Closes the connection from any thread; who is blocked in reading or writing fails.
    void abort() {
        try {
            context.serverSocket().close();
        } catch (UncheckedIOException e) {
            LOG.log(System.Logger.Level.DEBUG, "the connection was closed already", e);
        }
    }

    /// From now on a read fails with [HttpFault] 408 once this deadline has passed. To be called on the
    /// connection's thread.
    void readUntil(BodyDeadline deadline) {
        bodyDeadline = deadline;
    }

    /// Makes whoever reads a body fail with [HttpFault] 503, as the server stops. Any thread.
    void stopReading() {
        stopped.completeExceptionally(HttpFault.shuttingDown());
    }

    /// Takes the deadline away.
    void readWithoutDeadline() {
        bodyDeadline = null;
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
                        this::abort, CompletableFuture.delayedExecutor(2, TimeUnit.SECONDS));
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
        if (bodyDeadline != null) {
            return nextBytesInTime();
        }
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
        DataReader source = context.dataReader();
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
    public ListenerContext listenerContext() {
        return context.listenerContext();
    }

    @Override
    public ExecutorService executor() {
        return context.executor();
    }

    @Override
    public DataWriter dataWriter() {
        return context.dataWriter();
    }

    @Override
    public Router router() {
        return context.router();
    }

    @Override
    public Optional<ProxyProtocolData> proxyProtocolData() {
        return context.proxyProtocolData();
    }

    @Override
    public HelidonSocket serverSocket() {
        return context.serverSocket();
    }

    @Override
    public PeerInfo remotePeer() {
        return context.remotePeer();
    }

    @Override
    public PeerInfo localPeer() {
        return context.localPeer();
    }

    @Override
    public boolean isSecure() {
        return context.isSecure();
    }

    @Override
    public String socketId() {
        return context.socketId();
    }

    @Override
    public String childSocketId() {
        return context.childSocketId();
    }
}
