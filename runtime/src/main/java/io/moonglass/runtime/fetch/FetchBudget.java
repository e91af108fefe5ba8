package io.moonglass.runtime.fetch;

import java.util.concurrent.CancellationException;

/// The memory, or the space on disk, that all fetched bytes share.
final class FetchBudget {

    private final long capacity;
    private long used;

    FetchBudget(long capacity) {
        this.capacity = capacity;
    }

    long capacity() {
        return capacity;
    }

    Lease lease() {
        return new Lease();
    }

    /// What one fetch has of it. Closing gives all of it back, and nothing is had afterwards.
    final class Lease implements AutoCloseable {

        private long held;
        private boolean closed;

        /// @return whether there was room for these bytes beside what others and this lease hold
        /// @throws CancellationException if it is closed, as nobody waits for the bytes any more
        boolean tryGrow(long bytes) {
            synchronized (FetchBudget.this) {
                if (closed) {
                    throw new CancellationException("nobody waits for these bytes");
                }
                if (bytes > capacity - used) {
                    return false;
                }
                used += bytes;
                held += bytes;
                return true;
            }
        }

        void shrink(long bytes) {
            synchronized (FetchBudget.this) {
                if (!closed) {
                    used -= bytes;
                    held -= bytes;
                }
            }
        }

        long held() {
            synchronized (FetchBudget.this) {
                return held;
            }
        }

        @Override
        public void close() {
            synchronized (FetchBudget.this) {
                closed = true;
                used -= held;
                held = 0;
            }
        }
    }
}
