package io.moonglass.runtime.admission;

import io.moonglass.runtime.OverloadedException;
import io.moonglass.tensor.MachineMemory;
import java.time.Duration;
import java.util.function.LongSupplier;

/// Memory of the machine or container that must stay available. What a container takes beyond its limit kills it with all
/// of its requests, so that a few are better refused. Safe to use from any thread.
public final class MemoryReserve {

    private static final System.Logger LOG = System.getLogger(MemoryReserve.class.getName());
    private static final long LEAST_DEFAULT = 16L << 20;
    private static final long MOST_DEFAULT = 512L << 20;
    private static final Duration SOON = Duration.ofSeconds(5);

    private final long bytes;
    private final LongSupplier available;
    private boolean wasShort;

    /// @param bytes that must stay available; 0 for none
    public MemoryReserve(long bytes) {
        this(bytes, MachineMemory::availableBytes);
    }

    MemoryReserve(long bytes, LongSupplier available) {
        this.bytes = bytes;
        this.available = available;
    }

    /// Three hundredths of the machine's or container's memory, from 16 to 512 MiB.
    public static long defaultBytes() {
        return Math.clamp(MachineMemory.bytes() * 3 / 100, LEAST_DEFAULT, MOST_DEFAULT);
    }

    /// Whether less is available now. Every change is logged once.
    public boolean isShort() {
        if (bytes == 0) {
            return false;
        }
        long now = available.getAsLong();
        boolean isNow = now < bytes;
        synchronized (this) {
            if (isNow && !wasShort) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "memory is short: {0} bytes are available, {1} are to stay so; encoded pictures that nobody uses are dropped, and requests with media are refused",
                        now,
                        bytes);
            } else if (!isNow && wasShort) {
                LOG.log(
                        System.Logger.Level.INFO,
                        "memory is no longer short: {0} bytes are available",
                        now);
            }
            wasShort = isNow;
        }
        return isNow;
    }

    /// @param giveBack has caches give memory back, which may be enough
    /// @throws OverloadedException if it is short
    public void refuseIfShort(Runnable giveBack) {
        if (!isShort()) {
            return;
        }
        giveBack.run();
        if (isShort()) {
            throw new OverloadedException(
                    OverloadedException.Kind.MEMORY,
                    "the server is short of memory and takes no media now; ask again soon",
                    SOON);
        }
    }
}
