package io.moonglass.server.command;

import java.io.PrintWriter;
import java.util.function.Supplier;

/// How far a long command is: one line with a bar that changes on a terminal, a line for every tenth elsewhere.
final class ProgressLine implements AutoCloseable {

    private static final int BAR = 20;

    private final PrintWriter err;
    private final boolean onTerminal = Terminal.showsErrors();
    private long lastTenth;
    private boolean isShown;

    ProgressLine(PrintWriter err) {
        this.err = err;
    }

    /// @param done of `all`, in any unit
    /// @param text asked for only if it is shown
    void show(long done, long all, Supplier<String> text) {
        long tenth = 10 * done / all;
        if (onTerminal || tenth > lastTenth) {
            if (onTerminal) {
                err.printf("\rmoonglass: %s %s\u001b[K", bar(done, all), text.get());
            } else {
                err.printf("moonglass: %s%n", text.get());
            }
            err.flush();
            isShown = true;
        }
        lastTenth = tenth;
    }

    private static String bar(long done, long all) {
        int filled = Math.clamp(BAR * done / all, 0, BAR);
        return "[" + "=".repeat(filled) + " ".repeat(BAR - filled) + "]";
    }

    /// Leaves the line for what comes after it.
    void end() {
        if (onTerminal && isShown) {
            err.println();
        }
        isShown = false;
    }

    @Override
    public void close() {
        end();
    }
}
