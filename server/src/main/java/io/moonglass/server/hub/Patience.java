package io.moonglass.server.hub;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/// Closes a body of which nothing has come for too long, which has its reader fail.
final class Patience implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(Patience.class.getName());

    private final Thread watcher;
    private volatile long lastNanos = System.nanoTime();

    private Patience(InputStream body, Duration most) {
        watcher = Thread.ofVirtual().start(() -> watch(body, most));
    }

    static Patience with(InputStream body, Duration most) {
        return new Patience(body, most);
    }

    private void watch(InputStream body, Duration most) {
        try {
            for (long left = most.toNanos(); left > 0; ) {
                Thread.sleep(Duration.ofNanos(left));
                left = lastNanos + most.toNanos() - System.nanoTime();
            }
            body.close();
        } catch (InterruptedException e) {
            LOG.log(System.Logger.Level.TRACE, "the body is read", e);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "a body that stands still", e);
        }
    }

    /// Something came.
    void renew() {
        lastNanos = System.nanoTime();
    }

    @Override
    public void close() {
        watcher.interrupt();
    }
}
