package io.moonglass.runtime.fetch;

/// Bytes that were fetched. They count as memory of the fetcher's until this is closed, so it is closed
/// once they are no longer needed, and then the array is let go of:
///
/// ```java
/// try (FetchedBytes picture = fetcher.fetch(url, "image", maxBytes, param, abandoned)) {
///     decode(picture.bytes());
/// }
/// ```
public final class FetchedBytes implements AutoCloseable {

    private final byte[] bytes;
    private final FetchBudget.Lease lease;

    FetchedBytes(byte[] bytes, FetchBudget.Lease lease) {
        this.bytes = bytes;
        this.lease = lease;
    }

    /// Not a copy.
    public byte[] bytes() {
        return bytes;
    }

    /// May be called more than once.
    @Override
    public void close() {
        lease.close();
    }
}
