package io.moonglass.runtime.grammar;

import io.moonglass.loader.fault.InvalidRequestException;
import java.time.Duration;
import java.util.concurrent.CancellationException;

/// One grammar's way from text to rules: its limits, the time that is left, and where it came from in the
/// request. One thread.
final class Compilation {

    private final String param;
    private final GrammarLimits limits;
    private final long started = System.nanoTime();
    private final long nanos;

    /// @param param the request's field that holds the grammar
    Compilation(String param, GrammarLimits limits) {
        this.param = param;
        this.limits = limits;
        Duration time = limits.compileTime();
        this.nanos = time.toSeconds() > Integer.MAX_VALUE ? Long.MAX_VALUE : time.toNanos();
    }

    String param() {
        return param;
    }

    GrammarLimits limits() {
        return limits;
    }

    /// Called in every loop whose length a caller decides.
    ///
    /// @throws CancellationException if the thread is interrupted
    void checkTime() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("a grammar is not wanted any more");
        }
        if (System.nanoTime() - started > nanos) {
            throw refused(
                    "takes longer than %s to compile; send a simpler one"
                            .formatted(limits.compileTime()));
        }
    }

    void checkLength(long length) {
        if (length > limits.maxTextLength()) {
            throw refused(
                    "%,d characters, the limit is %,d; send a shorter one"
                            .formatted(length, limits.maxTextLength()));
        }
    }

    InvalidRequestException refused(String message) {
        return refusedAt(param, message);
    }

    /// @param where the part at fault: a path from the request's root, or the field and what is wrong in its text
    InvalidRequestException refusedAt(String where, String message) {
        String field = where.startsWith(param + ": ") ? param : where;
        return InvalidRequestException.invalidValue(field, where + ": " + message);
    }

    /// A part of a caller's text that is short enough for a message.
    static String quoted(String text) {
        return text.length() <= 60 ? "\"" + text + "\"" : "\"" + text.substring(0, 57) + "...\"";
    }
}
