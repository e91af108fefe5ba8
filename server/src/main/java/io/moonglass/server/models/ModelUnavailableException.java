package io.moonglass.server.models;

/// A model that the pool knows cannot be had now. The message is the caller's to read.
public final class ModelUnavailableException extends RuntimeException {

    public enum Reason {
        /// The first model is not loaded yet.
        STARTING,
        /// The server stops.
        STOPPING,
        /// It does not fit beside what is in use.
        NO_MEMORY,
        /// It could not be loaded; the cause is logged.
        LOAD_FAILED,
        /// It is not to be unloaded while it is loaded or in use.
        IN_USE
    }

    private final Reason reason;

    ModelUnavailableException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }

    static ModelUnavailableException starting() {
        return new ModelUnavailableException(
                Reason.STARTING, "the model is still loading; ask again soon");
    }

    static ModelUnavailableException stopping() {
        return new ModelUnavailableException(
                Reason.STOPPING, "the server is shutting down; ask another, or again soon");
    }

    static ModelUnavailableException loadFailed(String name) {
        return new ModelUnavailableException(
                Reason.LOAD_FAILED,
                "the model %s could not be loaded; the server's log says why".formatted(name));
    }

    static ModelUnavailableException inUse(String name) {
        return new ModelUnavailableException(
                Reason.IN_USE, "the model %s is in use; it is unloaded when idle".formatted(name));
    }
}
