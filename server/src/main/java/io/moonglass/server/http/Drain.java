package io.moonglass.server.http;

import java.time.Duration;

/// How a server stops: it takes no new requests in, lets those that it has finish for a while, and tells the rest. Used
/// by one thread.
final class Drain {

    private static final System.Logger LOG = System.getLogger(Drain.class.getName());
    private static final Duration STEP = Duration.ofMillis(20);

    /// How long clients may take to read that their request was cut off.
    private static final Duration TELLING = Duration.ofSeconds(2);

    private final OpenExchanges exchanges;
    private final RunningRequests requests;
    private final Duration timeout;

    /// @param timeout how long requests that were taken in may go on
    Drain(OpenExchanges exchanges, RunningRequests requests, Duration timeout) {
        this.exchanges = exchanges;
        this.requests = requests;
        this.timeout = timeout;
    }

    /// Returns when nothing is open any more, or all has been told that can be told.
    ///
    /// @return whether this thread was interrupted, which ends the waiting
    boolean run() {
        exchanges.stop();
        int numOpen = numOpen();
        if (numOpen == 0) {
            return false;
        }
        LOG.log(
                System.Logger.Level.INFO,
                "stopping; requests still open: {0}, with {1} s to finish",
                numOpen,
                timeout.toSeconds());
        long begin = System.nanoTime();
        boolean interrupted = !awaitNone(timeout);
        int numCut = numOpen();
        if (numCut == 0) {
            LOG.log(
                    System.Logger.Level.INFO,
                    "requests that finished while the server stopped: {0}, in {1} ms",
                    numOpen,
                    (System.nanoTime() - begin) / 1_000_000);
            return interrupted;
        }
        LOG.log(
                System.Logger.Level.WARNING,
                "requests that finished while the server stopped: {0}; cut off: {1}",
                numOpen - numCut,
                numCut);
        requests.stopAll();
        exchanges.stopReading();
        return !awaitNone(TELLING) || interrupted;
    }

    /// Answers may go on after the request that began them, so both count.
    private int numOpen() {
        return Math.max(exchanges.size(), requests.size());
    }

    /// Waits for as long as anything is open; false if interrupted.
    private boolean awaitNone(Duration patience) {
        long begin = System.nanoTime();
        try {
            while (numOpen() > 0 && System.nanoTime() - begin < patience.toNanos()) {
                Thread.sleep(STEP);
            }
            return !Thread.interrupted();
        } catch (InterruptedException e) {
            return false;
        }
    }
}
