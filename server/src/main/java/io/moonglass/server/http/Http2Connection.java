package io.moonglass.server.http;

import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.spi.ServerConnection;
import java.time.Duration;

/// A connection that speaks HTTP/2, from its beginning or from here on.
final class Http2Connection implements ServerConnection, InterruptableTask<Void> {

    private final Http2Session session;
    private final ServerConnection connection;

    Http2Connection(Http2Session session, ServerConnection connection) {
        this.session = session;
        this.connection = connection;
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        session.start(connection);
        try {
            connection.handle(limit);
        } finally {
            session.end();
        }
    }

    @Override
    public Duration idleTime() {
        return connection.idleTime();
    }

    @Override
    public void close(boolean interrupt) {
        session.goAway();
        connection.close(interrupt);
    }

    @Override
    public boolean canInterrupt() {
        return connection instanceof InterruptableTask<?> task && task.canInterrupt();
    }
}
