package io.moonglass.server.http;

import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataReader.InsufficientDataAvailableException;
import io.helidon.common.buffers.DataWriter;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http2.Http2Config;
import io.helidon.webserver.spi.ServerConnection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/// What stands between a client that speaks HTTP/2 and Helidon, which does not tell when a stream is reset and may stand
/// still while nobody reads a body. A thread of its own reads frame by frame, so that it learns of a reset at once, and
/// hands them to Helidon one at a time. It bounds what costs work and brings none, takes bodies that nobody wants any
/// more, and ends the requests of a connection that ends.
final class Http2Session extends ForwardingContext {

    private static final System.Logger LOG = System.getLogger(Http2Session.class.getName());
    private static final int PREFACE_BYTES = 24;

    /// The request with which a connection became one of HTTP/2.
    private static final int UPGRADED_STREAM_ID = 1;

    /// Requests at once on one connection.
    private static final int MAX_STREAMS = 250;

    /// Bytes of bodies under way to the server, of a stream and of a connection.
    private static final int WINDOW_BYTES = 256 << 10;

    /// Frames between the two threads.
    private static final int MAX_WAITING = 8;

    /// Streams that were answered before their end, and of which something may still be under way.
    private static final int MAX_LEFT = 100;

    /// How long a client may hold back room for an answer.
    private static final Duration FLOW_TIMEOUT = Duration.ofSeconds(60);

    /// How long Helidon may stand still: longer than a body waits for memory.
    private static final Duration STUCK_AFTER = Duration.ofSeconds(20);

    /// What is under way to Helidon.
    private sealed interface Passed {
        record Frame(Http2Frame frame) implements Passed {}

        /// A reset that is to pass for the client's, behind all that was passed before.
        record Reset(int streamId) implements Passed {}

        record End() implements Passed {}
    }

    private final ClientConnection client;
    private final DataReader source;
    private final DataReader reader = DataReader.create(this::nextFrame);
    private final ExecutorService executor = new StreamExecutor();
    private final Map<Integer, ClientStream> streams = new ConcurrentHashMap<>();
    private final ConcurrentLinkedQueue<ClientStream> left = new ConcurrentLinkedQueue<>();
    private final LinkedBlockingQueue<Passed> waiting = new LinkedBlockingQueue<>();
    private final Semaphore room = new Semaphore(MAX_WAITING);
    private final Http2Allowance allowance = new Http2Allowance(System::nanoTime);
    private final AtomicBoolean saidGoAway = new AtomicBoolean();
    private final CountDownLatch over = new CountDownLatch(1);
    private final DataWriter writer;
    private ServerConnection connection;
    private volatile boolean ended;
    private volatile int newestStreamId;
    // of the thread that reads
    private final Http2Head head = new Http2Head();
    private boolean headersOpen;
    // of Helidon's thread
    private int currentStreamId;

    /// Of a connection that is one of HTTP/2 from its beginning.
    Http2Session(ClientConnection client) {
        super(client);
        this.client = client;
        this.source = client.dataReader();
        this.writer = new Http2Writer(client.dataWriter(), this::sendsReset);
    }

    /// Of a connection that became one of HTTP/2 with its first request, which has no body and is the first stream.
    static Http2Session afterUpgrade(ClientConnection client) {
        Http2Session session = new Http2Session(client);
        ClientStream first = new ClientStream(session, UPGRADED_STREAM_ID);
        first.clientEnds();
        session.streams.put(first.id(), first);
        session.newestStreamId = first.id();
        return session;
    }

    /// How Helidon is to speak it. Its own counts of resets are off, since [Http2Allowance] counts.
    static Http2Config config(ConnectionLimits limits) {
        return Http2Config.builder()
                .maxConcurrentStreams(MAX_STREAMS)
                .maxHeaderListSize(limits.maxHeaderBytes())
                .maxFrameSize(Http2Frame.MAX_LENGTH)
                .initialWindowSize(WINDOW_BYTES)
                .flowControlTimeout(FLOW_TIMEOUT)
                .maxRapidResets(-1)
                .validatePath(false) // would end the connection, with all that others ask on it
                .build();
    }

    /// Begins to read.
    ///
    /// @param helidon what takes the frames; it must have been made of this context
    void start(ServerConnection helidon) {
        connection = helidon;
        Thread.ofVirtual().name("http2-frames").start(this::readAll);
    }

    private void readAll() {
        try {
            byte[] preface = source.readBytes(PREFACE_BYTES);
            pass(new Http2Frame(0, -1, 0, 0, preface)); // is no frame, but goes the same way
            while (!ended) {
                Http2Frame frame = Http2Frame.read(source);
                if (!allowance.allows(frame) || isHeadTooLong(frame)) {
                    calmDown();
                    return;
                }
                take(frame);
                tellPhase();
                if (frame.isTooLarge()) {
                    return; // Helidon says why
                }
            }
        } catch (InsufficientDataAvailableException e) {
            LOG.log(System.Logger.Level.DEBUG, "the client closed its HTTP/2 connection");
        } catch (InterruptedException | RuntimeException e) {
            LOG.log(System.Logger.Level.DEBUG, "an HTTP/2 connection ended", e);
        } finally {
            endFrames();
        }
    }

    private boolean isHeadTooLong(Http2Frame frame) {
        boolean isHead =
                frame.type() == Http2Frame.HEADERS || frame.type() == Http2Frame.CONTINUATION;
        return isHead && head.takesTooMany(frame);
    }

    private void calmDown() {
        LOG.log(
                System.Logger.Level.INFO,
                "an HTTP/2 client was cut off: it sent too much that asks for work and carries none");
        write(Http2Frame.goAway(newestStreamId, Http2Frame.ENHANCE_YOUR_CALM));
    }

    /// Without a request, a connection that is between two frames waits for one, and may not wait long within a head.
    private synchronized void tellPhase() {
        long numRunning = streams.values().stream().filter(ClientStream::isRunning).count();
        if (headersOpen && numRunning <= 1) {
            client.awaits(AcceptedConnection.Phase.HEAD);
        } else {
            client.awaits(
                    numRunning == 0
                            ? AcceptedConnection.Phase.REQUEST
                            : AcceptedConnection.Phase.ANSWER);
        }
    }

    private void take(Http2Frame frame) throws InterruptedException {
        boolean continued = headersOpen;
        headersOpen = frame.leavesHeadersOpen();
        int id = frame.streamId();
        if (frame.type() == Http2Frame.HEADERS && id > newestStreamId && !continued) {
            newestStreamId = id;
            streams.put(id, new ClientStream(this, id));
        }
        ClientStream stream = streams.get(id);
        if (stream == null) {
            if (frame.type() != Http2Frame.RST_STREAM || id > newestStreamId) {
                pass(frame); // is not of a stream that runs: of the connection, or a fault of
                // the client
            }
            return;
        }
        boolean hadEnded = stream.hasClientEnded();
        if (frame.type() == Http2Frame.DATA) {
            stream.came(frame.length());
        }
        if (frame.type() == Http2Frame.RST_STREAM) {
            stream.clientLeft();
        } else if (frame.endsStream()) {
            stream.clientEnds();
        }
        // of a stream whose body is complete Helidon may have forgotten already, and would end the
        // connection
        boolean isNews = frame.type() != Http2Frame.RST_STREAM || !hadEnded;
        if (isNews && !passOf(stream, frame)) {
            throwAway(frame);
        }
        if (stream.hasClientEnded() && !stream.isRunning()) {
            streams.remove(id, stream);
        }
    }

    private boolean passOf(ClientStream stream, Http2Frame frame) throws InterruptedException {
        takeRoom();
        boolean passed = stream.pass(() -> waiting.add(new Passed.Frame(frame)));
        if (!passed) {
            room.release();
        }
        return passed;
    }

    private void pass(Http2Frame frame) throws InterruptedException {
        takeRoom();
        waiting.add(new Passed.Frame(frame));
    }

    private void takeRoom() throws InterruptedException {
        if (!room.tryAcquire(STUCK_AFTER.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new CloseConnectionException("the frames of an HTTP/2 connection are stuck");
        }
    }

    /// What it took of the connection's window is given back.
    private void throwAway(Http2Frame frame) {
        if (frame.type() == Http2Frame.DATA && frame.length() > 0) {
            write(Http2Frame.windowUpdate(frame.length()));
        } else if (frame.type() == Http2Frame.HEADERS || frame.type() == Http2Frame.CONTINUATION) {
            // what it says of later heads would be lost
            throw new CloseConnectionException("trailers of a stream that was cut");
        }
    }

    /// No more frames come. Helidon ends when it sees that; where it does not, it is stuck.
    private void endFrames() {
        ended = true;
        streams.values().forEach(ClientStream::clientLeft);
        waiting.add(new Passed.End());
        try {
            if (!over.await(STUCK_AFTER.toNanos(), TimeUnit.NANOSECONDS)) {
                client.abort();
                connection.close(true);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// On Helidon's thread, which has done all with the frame before.
    private byte[] nextFrame() {
        try {
            switch (waiting.take()) {
                case Passed.Frame(Http2Frame frame) -> {
                    room.release();
                    currentStreamId = frame.streamId();
                    return frame.bytes();
                }
                case Passed.Reset(int streamId) -> {
                    return Http2Frame.reset(streamId, Http2Frame.CANCEL).bytes();
                }
                case Passed.End end -> {
                    waiting.add(end);
                    return null;
                }
            }
        } catch (InterruptedException e) {
            throw new CloseConnectionException("the server stops", e);
        }
    }

    /// Passes nothing more of a stream on; who reads its body finds that it ends.
    void cut(ClientStream stream) {
        if (!stream.hasClientEnded()) {
            stream.cut(() -> waiting.add(new Passed.Reset(stream.id())));
        }
    }

    /// Whether Helidon may reset a stream: not where the client has done so itself.
    private boolean sendsReset(int streamId) {
        ClientStream stream = streams.get(streamId);
        if (stream != null && stream.hasLeft()) {
            return false;
        }
        if (!allowance.allowsReset()) {
            calmDown();
            client.abort();
        }
        return true;
    }

    /// Tells the client that its stream has ended.
    void reset(ClientStream stream) {
        cut(stream);
        stream.clientLeft();
        write(Http2Frame.reset(stream.id(), Http2Frame.CANCEL));
    }

    private void write(Http2Frame frame) {
        try {
            client.dataWriter().writeNow(frame.buffer());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.DEBUG, "an HTTP/2 client was gone already", e);
        }
    }

    /// The client may open no more streams; those that are open go on. To be told so once is enough.
    void goAway() {
        if (saidGoAway.compareAndSet(false, true)) {
            write(Http2Frame.goAway(newestStreamId, Http2Frame.NO_ERROR));
        }
    }

    /// Helidon has ended. Its requests learn of it, and no thread is left waiting for what cannot come.
    void end() {
        ended = true;
        over.countDown();
        for (ClientStream stream : List.copyOf(streams.values())) {
            stream.clientLeft();
            stream.interrupt();
        }
    }

    private void handle(ClientStream stream, Runnable request) {
        stream.handledBy(Thread.currentThread());
        if (ended) {
            Thread.currentThread().interrupt(); // nobody else does, for a body that does not come
        }
        try {
            ScopedValue.where(ClientLink.CURRENT, stream).run(request);
        } finally {
            stream.handled();
            if (stream.hasClientEnded()) {
                streams.remove(stream.id(), stream);
            } else {
                leave(stream);
            }
            if (stream.isLast()) {
                goAway();
            }
            tellPhase();
        }
    }

    /// Its answer is complete, and the client need not send the rest of its request.
    private void leave(ClientStream stream) {
        write(Http2Frame.reset(stream.id(), Http2Frame.NO_ERROR));
        cut(stream);
        left.add(stream);
        if (left.size() > MAX_LEFT) {
            ClientStream oldest = left.remove();
            streams.remove(oldest.id(), oldest);
        }
    }

    @Override
    public DataWriter dataWriter() {
        return writer;
    }

    @Override
    public DataReader dataReader() {
        return reader;
    }

    @Override
    public ExecutorService executor() {
        return executor;
    }

    /// Runs requests, each with its link. Helidon hands a request over on its own thread, when it has read its head, and
    /// the one of an upgrade when it has read the client's settings.
    private final class StreamExecutor extends AbstractExecutorService {

        @Override
        public void execute(Runnable request) {
            ClientStream stream =
                    streams.get(currentStreamId == 0 ? UPGRADED_STREAM_ID : currentStreamId);
            client.executor().execute(() -> handle(stream, request));
        }

        @Override
        public void shutdown() {
            throw new UnsupportedOperationException("is the server's");
        }

        @Override
        public List<Runnable> shutdownNow() {
            throw new UnsupportedOperationException("is the server's");
        }

        @Override
        public boolean isShutdown() {
            return client.executor().isShutdown();
        }

        @Override
        public boolean isTerminated() {
            return client.executor().isTerminated();
        }

        @Override
        public boolean awaitTermination(long time, TimeUnit unit) throws InterruptedException {
            return client.executor().awaitTermination(time, unit);
        }
    }
}
