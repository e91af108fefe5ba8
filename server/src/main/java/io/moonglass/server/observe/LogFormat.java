package io.moonglass.server.observe;

import java.util.logging.Formatter;

/// How a line of the log is written.
public enum LogFormat {
    TEXT(new TextLogFormat()),
    JSON(new JsonLogFormat());

    private final Formatter formatter;

    LogFormat(Formatter formatter) {
        this.formatter = formatter;
    }

    /// Of any number of handlers.
    public Formatter formatter() {
        return formatter;
    }
}
