package io.moonglass.server.observe;

import java.util.Locale;

/// What became of a request for an answer.
public enum Outcome {
    COMPLETED,
    /// The caller's fault.
    INVALID,
    /// The server had too much to do, or was not ready.
    REFUSED,
    CANCELLED,
    DEADLINE_EXCEEDED,
    CLIENT_GONE,
    /// A fault of ours.
    FAILED;

    /// As the metrics spell it.
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
