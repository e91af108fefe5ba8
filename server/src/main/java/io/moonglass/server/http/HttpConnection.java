package io.moonglass.server.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.spi.ServerConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Function;

/// One client's connection, whichever HTTP it turns out to speak.
final class HttpConnection implements ServerConnection, InterruptableTask<Void> {

    private static final byte[] PREFACE =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /// How the connections of each protocol are made, on a context that is ours.
    ///
    /// @param http2 null where it is not spoken
    record Protocols(
            Function<ClientConnection, ServerConnection> http1,
            Function<Http2Session, ServerConnection> http2) {}

    private final ClientConnection client;
    private final Protocols protocols;
    private final Runnable whenEnded;
    // null until it is known what is spoken
    private volatile ServerConnection spoken;

    /// @param whenEnded told when it is closed
    HttpConnection(ClientConnection client, Protocols protocols, Runnable whenEnded) {
        this.client = client;
        this.protocols = protocols;
        this.whenEnded = whenEnded;
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        try {
            ServerConnection chosen = choose();
            spoken = chosen;
            ScopedValue.where(ClientLink.CURRENT, client)
                    .call(() -> {
                        chosen.handle(limit);
                        return null;
                    });
        } finally {
            client.awaits(AcceptedConnection.Phase.CLOSE);
            client.beforeClose();
            whenEnded.run();
        }
    }

    private ServerConnection choose() {
        if (protocols.http2() != null && speaksHttp2()) {
            Http2Session session = new Http2Session(client);
            return new Http2Connection(session, protocols.http2().apply(session));
        }
        return protocols.http1().apply(client);
    }

    /// Whether it begins as every connection of HTTP/2 does; no byte of it is taken.
    private boolean speaksHttp2() {
        DataReader reader = client.dataReader();
        try {
            reader.ensureAvailable();
            while (true) {
                int numBytes = Math.min(PREFACE.length, reader.available());
                BufferData start = reader.getBuffer(numBytes);
                for (int i = 0; i < numBytes; i++) {
                    if ((byte) start.read() != PREFACE[i]) {
                        return false;
                    }
                }
                if (numBytes == PREFACE.length) {
                    return true;
                }
                reader.getBuffer(numBytes + 1); // waits for more
            }
        } catch (DataReader.InsufficientDataAvailableException e) {
            throw new CloseConnectionException("the client left before it asked", e);
        }
    }

    @Override
    public Duration idleTime() {
        return Duration.ZERO; // that it waits too long is found out elsewhere
    }

    @Override
    public void close(boolean interrupt) {
        ServerConnection connection = spoken;
        if (connection == null) {
            client.abort();
        } else {
            connection.close(interrupt);
        }
    }

    /// Whether it waits for a next request, so that a stopping server need not wait for it.
    @Override
    public boolean canInterrupt() {
        ServerConnection connection = spoken;
        return connection == null
                || connection instanceof InterruptableTask<?> task && task.canInterrupt();
    }
}
