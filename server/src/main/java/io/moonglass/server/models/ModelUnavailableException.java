package io.moonglass.server.models;

/// A model is served here, but cannot be had now.
public final class ModelUnavailableException extends RuntimeException {

    /// Why.
    public enum Reason {
        /// Others are in use, and there is no room beside them.
        NO_MEMORY,
        /// It could not be loaded; the log says why.
        LOADING_FAILED,
        /// It took longer than the request may.
        LOADING,
        /// The server stops.
        CLOSED
    }

    private final Reason reason;

    ModelUnavailableException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
