package io.moonglass.runtime.fetch;

import java.io.IOException;
import java.net.Proxy;
import java.net.Socket;
import java.util.concurrent.CancellationException;

/// The one socket that a fetch has at a time. Whoever waits for the fetch closes it to end whatever the
/// fetching thread is at: connecting, TLS, reading.
final class FetchSocket {

    private Socket current;
    private boolean aborted;

    /// A new one, without any proxy whatever the JVM was told; the one before is closed.
    ///
    /// @throws CancellationException if the fetch was aborted
    synchronized Socket open() {
        if (aborted) {
            throw new CancellationException("the fetch was aborted");
        }
        close();
        current = new Socket(Proxy.NO_PROXY);
        return current;
    }

    synchronized void abort() {
        aborted = true;
        close();
    }

    /// Says nothing to the other side, so it waits for nobody.
    synchronized void close() {
        if (current == null) {
            return;
        }
        try {
            current.close();
        } catch (IOException e) {
            // There is nothing left to close.
        }
        current = null;
    }
}
