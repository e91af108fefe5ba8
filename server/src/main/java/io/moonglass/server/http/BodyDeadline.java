package io.moonglass.server.http;

import java.time.Duration;

/// Until when a body must have come: a fixed time, and a second more for every MiB that was announced
/// or has come. One thread tells what
/// has come; any may ask.
final class BodyDeadline {

    private static final long NANOS_PER_BYTE = 1_000_000_000 >> 20;

    private final long start = System.nanoTime();
    private final Duration fixed;
    private final long announcedBytes;
    private volatile long numBytes;

    /// @param announcedBytes the body's `Content-Length`; 0 if it is not told
    BodyDeadline(Duration fixed, long announcedBytes) {
        this.fixed = fixed;
        this.announcedBytes = announcedBytes;
    }

    void came(int more) {
        numBytes = numBytes + more; // by one thread alone
    }

    /// The time that is left; negative once it is over.
    long nanosLeft() {
        long transfer = Math.max(announcedBytes, numBytes) * NANOS_PER_BYTE;
        return start + fixed.toNanos() + transfer - System.nanoTime();
    }
}
