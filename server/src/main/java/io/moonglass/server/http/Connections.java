package io.moonglass.server.http;

import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.CloseConnectionException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.net.SocketOption;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// All connections of one listener. Helidon 4.5.0 has no end for a TLS handshake, a head that drips or a client that
/// does not read, stops listening for good when there are no more file descriptors, and lets clients stand in the
/// backlog where there are as many connections as it may have; so all of that is decided here, from accept on. Safe to
/// use from any thread.
final class Connections {

    private static final System.Logger LOG = System.getLogger(Connections.class.getName());
    private static final Duration TOLD_AGAIN_AFTER = Duration.ofMinutes(1);

    private final ConnectionLimits limits;
    private final boolean secure;
    private final Map<SocketAddress, AcceptedConnection> open = new ConcurrentHashMap<>();
    // of the accepting thread
    private long numRefused;
    private long toldNanos = System.nanoTime() - TOLD_AGAIN_AFTER.toNanos();

    /// @param secure whether a connection begins with a TLS handshake
    Connections(ConnectionLimits limits, boolean secure) {
        this.limits = limits;
        this.secure = secure;
    }

    /// Options for accepted sockets; to set them is the first that happens to one.
    SocketOptions socketOptions() {
        return new Accepting(SocketOptions.builder().tcpNoDelay(true).build());
    }

    int size() {
        return open.size();
    }

    /// The connection of a client at this address.
    ///
    /// @param client null of one that is closed
    /// @throws CloseConnectionException if it has had to make room meanwhile
    AcceptedConnection from(SocketAddress client) {
        AcceptedConnection connection = client == null ? null : open.get(client);
        if (connection == null) {
            throw new CloseConnectionException("the connection was closed before it began");
        }
        return connection;
    }

    /// Closes what has waited too long, and forgets what has ended.
    void sweep() {
        open.values()
                .forEach(connection -> {
                    if (connection.isOverdue(limits)) {
                        connection.close();
                    }
                });
        open.values().removeIf(AcceptedConnection::isGone);
    }

    void ended(SocketAddress client, AcceptedConnection connection) {
        open.remove(client, connection);
    }

    private void accept(SocketChannel channel) {
        try {
            if (open.size() >= limits.maxConnections() && !makeRoom()) {
                tellOfRefusal();
                channel.close();
                throw new IOException("there are as many connections as there may be");
            }
            open.put(
                    channel.getRemoteAddress(),
                    new AcceptedConnection(
                            channel,
                            secure
                                    ? AcceptedConnection.Phase.HANDSHAKE
                                    : AcceptedConnection.Phase.REQUEST));
        } catch (IOException e) {
            throw new UncheckedIOException(e); // this one is dropped, and the next accepted
        }
    }

    /// Closes the connection that has been without a request for longest.
    private boolean makeRoom() {
        open.values().removeIf(AcceptedConnection::isGone);
        if (open.size() < limits.maxConnections()) {
            return true;
        }
        Optional<Map.Entry<SocketAddress, AcceptedConnection>> idlest =
                open.entrySet().stream()
                        .filter(entry -> entry.getValue().isWithoutRequest())
                        .min(Comparator.comparingLong(entry -> entry.getValue().sinceNanos()));
        idlest.ifPresent(entry -> {
            entry.getValue().close();
            ended(entry.getKey(), entry.getValue());
        });
        return idlest.isPresent();
    }

    private void tellOfRefusal() {
        numRefused++;
        if (System.nanoTime() - toldNanos >= TOLD_AGAIN_AFTER.toNanos()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "connections refused since the last such line: {0}; {1} are open, all with requests"
                            + " (--max-connections)",
                    numRefused,
                    open.size());
            toldNanos = System.nanoTime();
            numRefused = 0;
        }
    }

    /// Helidon's options, which it sets right after accept and on the accepting thread.
    private final class Accepting implements SocketOptions {

        private final SocketOptions options;

        Accepting(SocketOptions options) {
            this.options = options;
        }

        @Override
        public void configureSocket(SocketChannel socket) {
            options.configureSocket(socket);
            accept(socket);
        }

        @Override
        public Map<SocketOption<?>, Object> socketOptions() {
            return options.socketOptions();
        }

        @Override
        public Duration connectTimeout() {
            return options.connectTimeout();
        }

        @Override
        public Duration readTimeout() {
            return options.readTimeout();
        }

        @Override
        public Optional<Integer> socketReceiveBufferSize() {
            return options.socketReceiveBufferSize();
        }

        @Override
        public Optional<Integer> socketSendBufferSize() {
            return options.socketSendBufferSize();
        }

        @Override
        public boolean socketReuseAddress() {
            return options.socketReuseAddress();
        }

        @Override
        public boolean socketKeepAlive() {
            return options.socketKeepAlive();
        }

        @Override
        public boolean tcpNoDelay() {
            return options.tcpNoDelay();
        }
    }
}
