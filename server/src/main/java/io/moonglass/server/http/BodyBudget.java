package io.moonglass.server.http;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// How many bytes of bodies all requests may hold at once: each body can be allowed and all of them
/// together still be more than the heap. Counted in MiB; what is smaller than one is free. Safe to
/// use from any thread.
final class BodyBudget {

    private final Semaphore freeMib;
    private final Duration patience;

    /// @param totalBytes   for all bodies together
    /// @param maxBodyBytes one body of this size always fits when there is no other
    /// @param patience     how long a body waits for others to give back what it needs
    BodyBudget(long totalBytes, int maxBodyBytes, Duration patience) {
        long mib = Math.max(mib(totalBytes), mib(maxBodyBytes));
        // fair, so that small bodies do not keep a large one waiting for ever
        this.freeMib = new Semaphore(Math.toIntExact(Math.min(mib, Integer.MAX_VALUE)), true);
        this.patience = patience;
    }

    /// A share for one body, empty yet.
    Share share() {
        return new Share();
    }

    private static long mib(long bytes) {
        return bytes >> 20;
    }

    /// What one request holds. Used by the request's own thread alone.
    final class Share implements AutoCloseable {

        private int heldMib;

        private Share() {}

        /// Makes the share large enough for a body of this many bytes.
        ///
        /// @throws HttpFault 429 if others hold too much and do not give it back in time
        void cover(long bytes) {
            int missing = Math.toIntExact(mib(bytes)) - heldMib;
            if (missing <= 0) {
                return;
            }
            try {
                if (!freeMib.tryAcquire(missing, patience.toNanos(), TimeUnit.NANOSECONDS)) {
                    throw HttpFault.overloaded("other requests' bodies fill the memory for bodies");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw HttpFault.shuttingDown();
            }
            heldMib += missing;
        }

        @Override
        public void close() {
            freeMib.release(heldMib);
            heldMib = 0;
        }
    }
}
