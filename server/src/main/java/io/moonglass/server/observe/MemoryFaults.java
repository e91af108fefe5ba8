package io.moonglass.server.observe;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/// Requests that failed because memory ran out. One of them tells nothing about the server: its own memory is free
/// again when it has failed. Several within a minute while the heap stays full after it was collected tell that the
/// process will not recover. Safe to use from any thread.
public final class MemoryFaults {

    private static final System.Logger LOG = System.getLogger(MemoryFaults.class.getName());
    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final int NUM_THAT_COUNT = 3;
    private static final double FULL = 0.95;

    private final LongSupplier nanoTime;
    private final DoubleSupplier heapAfterCollection;
    private final ArrayDeque<Long> lately = new ArrayDeque<>();
    private boolean exhausted;

    public MemoryFaults() {
        this(System::nanoTime, MemoryFaults::heapAfterCollection);
    }

    /// @param heapAfterCollection the part of the heap that was in use after it was last collected, 0 to 1
    MemoryFaults(LongSupplier nanoTime, DoubleSupplier heapAfterCollection) {
        this.nanoTime = nanoTime;
        this.heapAfterCollection = heapAfterCollection;
    }

    /// A request has failed for want of memory. The first of a minute is logged with its stack.
    public synchronized void failed(String requestId, Throwable fault) {
        forgetOld();
        if (lately.isEmpty()) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "request " + requestId + " failed: there was no memory for it",
                    fault);
        }
        lately.addLast(nanoTime.getAsLong());
        if (lately.size() > NUM_THAT_COUNT) {
            lately.removeFirst();
        }
    }

    /// Whether the process will not recover by itself. Every change is logged once.
    public synchronized boolean isExhausted() {
        forgetOld();
        boolean isNow =
                lately.size() >= NUM_THAT_COUNT && heapAfterCollection.getAsDouble() >= FULL;
        if (isNow && !exhausted) {
            LOG.log(
                    System.Logger.Level.ERROR,
                    "the heap is full even after it was collected, and {0} requests failed for want of it within a minute; the server says that it is not alive, so that it is started anew",
                    lately.size());
        } else if (!isNow && exhausted) {
            LOG.log(System.Logger.Level.INFO, "there is memory again");
        }
        exhausted = isNow;
        return exhausted;
    }

    private void forgetOld() {
        long before = nanoTime.getAsLong() - WINDOW.toNanos();
        while (!lately.isEmpty() && lately.getFirst() - before < 0) {
            lately.removeFirst();
        }
    }

    /// Collectors with several pools tell it of the one in which what lives long ends up.
    private static double heapAfterCollection() {
        double fullest = 0;
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            MemoryUsage usage = pool.getCollectionUsage();
            if (pool.getType() == MemoryType.HEAP && usage != null && usage.getMax() > 0) {
                fullest = Math.max(fullest, (double) usage.getUsed() / usage.getMax());
            }
        }
        return fullest;
    }
}
