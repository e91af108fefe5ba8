package io.moonglass.server.http;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/// A connection from its accept to its close, and what it is waiting for. Nothing but the connection's own threads
/// says so; [Connections] closes it where it waits too long.
final class AcceptedConnection {

    private static final System.Logger LOG = System.getLogger(AcceptedConnection.class.getName());

    /// How long a client may take to read some of what is written.
    private static final Duration WRITE_TIMEOUT = Duration.ofSeconds(60);

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    /// What comes next.
    enum Phase {
        /// The end of a TLS handshake.
        HANDSHAKE,
        /// The beginning of a request.
        REQUEST,
        /// The rest of a request's head.
        HEAD,
        /// An answer: bodies and generations have deadlines of their own.
        ANSWER,
        /// The end.
        CLOSE
    }

    private record State(Phase phase, long sinceNanos) {}

    private final SocketChannel channel;
    private volatile State state;
    private volatile long writingSinceNanos;
    private volatile boolean isWriting;

    AcceptedConnection(SocketChannel channel, Phase phase) {
        this.channel = channel;
        this.state = new State(phase, System.nanoTime());
    }

    void awaits(Phase phase) {
        state = new State(phase, System.nanoTime());
    }

    /// Some of a request has come.
    void came() {
        if (state.phase() == Phase.REQUEST) {
            awaits(Phase.HEAD);
        }
    }

    void writes() {
        writingSinceNanos = System.nanoTime();
        isWriting = true;
    }

    void hasWritten() {
        isWriting = false;
    }

    /// Whether it may be closed without anybody's loss: no request of it is answered.
    boolean isWithoutRequest() {
        return switch (state.phase()) {
            case HANDSHAKE, REQUEST, HEAD -> true;
            case ANSWER, CLOSE -> false;
        };
    }

    /// Since when it has waited for what comes next.
    long sinceNanos() {
        return state.sinceNanos();
    }

    /// Whether it has waited for longer than it may.
    boolean isOverdue(ConnectionLimits limits) {
        long now = System.nanoTime();
        if (isWriting && now - writingSinceNanos > WRITE_TIMEOUT.toNanos()) {
            return true;
        }
        State current = state;
        return switch (current.phase()) {
            case HANDSHAKE, HEAD -> now - current.sinceNanos() > limits.headerTimeout().toNanos();
            case REQUEST -> now - current.sinceNanos() > limits.idleTimeout().toNanos();
            case CLOSE -> now - current.sinceNanos() > CLOSE_TIMEOUT.toNanos();
            case ANSWER -> false;
        };
    }

    /// Closes it below everything, TLS too; who reads or writes fails. From any thread; does not block.
    void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "a connection was broken already", e);
        }
    }

    /// Whether there is nothing left of it.
    boolean isGone() {
        return !channel.isOpen();
    }
}
