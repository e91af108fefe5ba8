package io.moonglass.server.observe;

/// A heap dump cannot be had now. The message is the operator's to read.
public final class HeapDumpRefusedException extends RuntimeException {

    public enum Kind {
        /// Another one is being written.
        RUNNING,
        /// The disk would be full.
        NO_ROOM,
        /// The folder or the JVM refuses.
        FAILED
    }

    private final Kind kind;

    HeapDumpRefusedException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
