package io.moonglass.runtime.fetch;

/// A file that was fetched. It counts as disk space of the fetcher's until this is closed, so it is closed once the file
/// is deleted.
public final class FetchedFile implements AutoCloseable {

    private final long numBytes;
    private final FetchBudget.Lease lease;

    FetchedFile(long numBytes, FetchBudget.Lease lease) {
        this.numBytes = numBytes;
        this.lease = lease;
    }

    public long numBytes() {
        return numBytes;
    }

    /// Leaves the file as it is. May be called more than once.
    @Override
    public void close() {
        lease.close();
    }
}
