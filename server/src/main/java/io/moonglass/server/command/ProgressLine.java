package io.moonglass.server.command;

import java.io.PrintWriter;
import java.util.function.Supplier;

/// How far a long command is: one line that changes on a terminal, a line for every tenth elsewhere.
final class ProgressLine {

    private final PrintWriter err;
    private final boolean onTerminal = System.console() != null && System.console().isTerminal();
    private long lastTenth;

    ProgressLine(PrintWriter err) {
        this.err = err;
    }

    /// @param done of `all`, in any unit
    /// @param text asked for only if it is shown
    void show(long done, long all, Supplier<String> text) {
        long tenth = 10 * done / all;
        if (onTerminal || tenth > lastTenth) {
            err.printf(onTerminal ? "\r%s" : "%s%n", "moonglass: " + text.get());
            err.flush();
        }
        lastTenth = tenth;
    }

    /// Leaves the line for what comes after it.
    void end() {
        if (onTerminal) {
            err.println();
        }
    }
}
