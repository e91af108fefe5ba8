package io.moonglass.server.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/// Makes HTTP/1.1 connections whose handlers can reach them as [ClientConnection#CURRENT].
final class ClientConnections implements ServerConnectionSelector {

    private final Http1ConnectionSelector http1 =
            Http1ConnectionSelector.builder().config(Http1Config.create()).build();

    private final AtomicInteger numOpen = new AtomicInteger();

    /// Open connections.
    int numOpen() {
        return numOpen.get();
    }

    @Override
    public int bytesToIdentifyConnection() {
        return http1.bytesToIdentifyConnection();
    }

    @Override
    public Support supports(BufferData data) {
        return http1.supports(data);
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
        return http1.supportedApplicationProtocols();
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
        ClientConnection client = new ClientConnection(context);
        return new Http1Connection(client, http1.connection(client), numOpen);
    }

    private record Http1Connection(
            ClientConnection client, ServerConnection connection, AtomicInteger numOpen)
            implements ServerConnection, InterruptableTask<Void> {

        @Override
        public void handle(Limit limit) throws InterruptedException {
            numOpen.incrementAndGet();
            ScopedValue.where(ClientConnection.CURRENT, client)
                    .call(() -> {
                        try {
                            connection.handle(limit);
                        } finally {
                            numOpen.decrementAndGet();
                            client.beforeClose();
                        }
                        return null;
                    });
        }

        @Override
        public Duration idleTime() {
            return connection.idleTime();
        }

        @Override
        public void close(boolean interrupt) {
            connection.close(interrupt);
        }

        /// Whether it waits for a next request, so that a stopping server need not wait for it.
        @Override
        public boolean canInterrupt() {
            return connection instanceof InterruptableTask<?> task && task.canInterrupt();
        }
    }
}
