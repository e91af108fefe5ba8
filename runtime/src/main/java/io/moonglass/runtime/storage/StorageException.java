package io.moonglass.runtime.storage;

/// The server's disk does not take what a request would have it keep; nobody's fault among the callers. The message is
/// theirs to read.
public final class StorageException extends RuntimeException {

    private final boolean full;

    StorageException(boolean full, String message, Throwable cause) {
        super(message, cause);
        this.full = full;
    }

    /// Whether there is no room; else the disk fails, or the folder is not to be written to.
    public boolean isFull() {
        return full;
    }
}
