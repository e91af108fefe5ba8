package io.moonglass.server.files;

/// A file cannot be taken, or not now. The message is the caller's to read.
public final class FileRefusedException extends RuntimeException {

    public enum Kind {
        /// It is larger than any file may be.
        TOO_LARGE,
        /// The caller has too many files, or too large ones.
        QUOTA_EXCEEDED,
        /// The disk has no room: nobody's fault among the callers.
        DISK_FULL,
        /// The disk does not take it, or does not give it: nobody's fault among the callers.
        DISK
    }

    private final Kind kind;

    FileRefusedException(Kind kind, String message) {
        this(kind, message, null);
    }

    FileRefusedException(Kind kind, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }
}
