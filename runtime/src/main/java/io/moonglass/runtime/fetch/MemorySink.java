package io.moonglass.runtime.fetch;

import io.moonglass.runtime.OverloadedException;
import java.time.Duration;
import java.util.Arrays;

/// Keeps a body in memory, under a lease that grows before the array does. Used by one thread, then by
/// another.
final class MemorySink implements BodySink {

    private static final int FIRST_CAPACITY = 1 << 16;
    private static final Duration SOON = Duration.ofSeconds(2);

    private final FetchBudget memory;
    private final FetchBudget.Lease lease;
    private final int maxBytes;
    private final FetchFaults faults;
    private byte[] bytes = {};
    private int length;

    MemorySink(FetchBudget memory, FetchBudget.Lease lease, int maxBytes, FetchFaults faults) {
        this.memory = memory;
        this.lease = lease;
        this.maxBytes = maxBytes;
        this.faults = faults;
    }

    @Override
    public void announce(long numBytes) {
        resize(Math.toIntExact(numBytes));
    }

    @Override
    public void write(byte[] from, int count) {
        if (count > bytes.length - length) {
            long doubled = Math.max(FIRST_CAPACITY, bytes.length * 2L);
            resize((int) Math.max(length + count, Math.min(doubled, maxBytes)));
        }
        System.arraycopy(from, 0, bytes, length, count);
        length += count;
    }

    @Override
    public void end() {
        if (length < bytes.length) {
            resize(length);
        }
    }

    /// The body and nothing after it, once it has ended.
    byte[] bytes() {
        return bytes;
    }

    /// Both arrays are there for a moment, and both are counted.
    private void resize(int capacity) {
        if (!lease.tryGrow(capacity)) {
            throw refused(lease.held() + capacity);
        }
        int before = bytes.length;
        bytes = Arrays.copyOf(bytes, capacity);
        lease.shrink(before);
    }

    private RuntimeException refused(long wanted) {
        if (wanted > memory.capacity()) {
            return faults.tooLarge("more", memory.capacity());
        }
        return new OverloadedException(
                "media that were fetched fill the %,d bytes that there are for them; ask again soon"
                        .formatted(memory.capacity()),
                SOON);
    }
}
