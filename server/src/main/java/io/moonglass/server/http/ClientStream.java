package io.moonglass.server.http;

import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/// One request among those on a connection of HTTP/2. The session tells it what comes; what it wants of the connection
/// it asks the session for.
final class ClientStream implements ClientLink {

    /// How long a client may go on sending what nobody reads.
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Http2Session session;
    private final int id;
    private final CompletableFuture<Void> gone = new CompletableFuture<>();
    private volatile BodyDeadline bodyDeadline;
    private volatile boolean tooSlow;
    private volatile boolean serverStops;
    private volatile boolean clientEnded;
    private boolean last;
    private Thread handler;
    private boolean cut;
    private boolean handled;

    ClientStream(Http2Session session, int id) {
        this.session = session;
        this.id = id;
    }

    int id() {
        return id;
    }

    @Override
    public void whenGone(Runnable run) {
        gone.thenRunAsync(run, Thread::startVirtualThread);
    }

    /// The client has reset the stream, or left.
    void clientLeft() {
        clientEnded = true;
        gone.complete(null);
    }

    @Override
    public boolean hasLeft() {
        return gone.isDone();
    }

    /// The client has said all that it wants to.
    void clientEnds() {
        clientEnded = true;
    }

    boolean hasClientEnded() {
        return clientEnded;
    }

    /// A piece of the body has come.
    void came(int numBytes) {
        BodyDeadline deadline = bodyDeadline;
        if (deadline != null) {
            deadline.came(numBytes);
        }
    }

    @Override
    public void readUntil(BodyDeadline deadline) {
        bodyDeadline = deadline;
        watch(deadline);
    }

    private void watch(BodyDeadline deadline) {
        long nanosLeft = deadline.nanosLeft();
        if (bodyDeadline != deadline || clientEnded) {
            return;
        }
        if (nanosLeft <= 0) {
            tooSlow = true;
            session.cut(this);
        } else {
            later(nanosLeft).execute(() -> watch(deadline));
        }
    }

    private static Executor later(long nanos) {
        return CompletableFuture.delayedExecutor(
                nanos, TimeUnit.NANOSECONDS, Thread::startVirtualThread);
    }

    @Override
    public void readWithoutDeadline() {
        bodyDeadline = null;
    }

    @Override
    public Optional<RuntimeException> whyUnreadable() {
        if (tooSlow) {
            return Optional.of(HttpFault.bodyTooSlow());
        }
        if (serverStops) {
            return Optional.of(HttpFault.shuttingDown());
        }
        return hasLeft()
                ? Optional.of(new CloseConnectionException("the client reset the stream"))
                : Optional.empty();
    }

    @Override
    public void stopReading() {
        if (bodyDeadline != null && !clientEnded) {
            serverStops = true;
            session.cut(this);
        }
    }

    /// Not told before the answer is there, so that nobody has a reason to leave without it.
    @Override
    public void endAfter(ServerResponse response) {
        last = true;
    }

    /// Whether the client is to send its next request on another connection. To be asked on the request's thread.
    boolean isLast() {
        return last;
    }

    @Override
    public void leaveBody(ServerResponse response) {
        later(PATIENCE.toNanos()).execute(() -> session.cut(this));
    }

    @Override
    public void abort() {
        session.reset(this);
        interrupt();
    }

    /// Ends what its thread waits for, if there is one.
    synchronized void interrupt() {
        if (handler != null) {
            handler.interrupt();
        }
    }

    /// The thread that answers it, from now on.
    synchronized void handledBy(Thread thread) {
        handler = thread;
    }

    /// Nothing answers it any more.
    synchronized void handled() {
        handler = null;
        handled = true;
    }

    /// Whether it is answered, or will be.
    synchronized boolean isRunning() {
        return !handled;
    }

    /// From now on nothing of it is passed on.
    ///
    /// @param last done in its place, the first time
    synchronized void cut(Runnable last) {
        if (!cut) {
            cut = true;
            last.run();
        }
    }

    /// Passes something of it on, if that is still done.
    ///
    /// @return whether it was
    synchronized boolean pass(Runnable on) {
        if (!cut) {
            on.run();
        }
        return !cut;
    }
}
