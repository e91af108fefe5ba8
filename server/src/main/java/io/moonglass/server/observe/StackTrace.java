package io.moonglass.server.observe;

import io.moonglass.loader.fault.OneLine;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/// A stack trace in which every line is one of ours: messages of exceptions may hold what a caller wrote.
final class StackTrace {

    /// A deep recursion must not fill the log.
    private static final int MAX_FRAMES = 200;

    private static final int MAX_CAUSES = 16;

    private final StringBuilder text = new StringBuilder();
    private final Set<Throwable> told = Collections.newSetFromMap(new IdentityHashMap<>());

    private StackTrace() {}

    /// Lines that begin with a tab, each with a line break.
    static String of(Throwable fault) {
        StackTrace trace = new StackTrace();
        trace.append("", fault);
        return trace.text.toString();
    }

    private void append(String before, Throwable fault) {
        if (told.size() >= MAX_CAUSES || !told.add(fault)) {
            return;
        }
        text.append('\t').append(before).append(OneLine.of(fault.toString())).append('\n');
        StackTraceElement[] frames = fault.getStackTrace();
        for (int i = 0; i < Math.min(frames.length, MAX_FRAMES); i++) {
            text.append("\tat ").append(OneLine.of(frames[i].toString())).append('\n');
        }
        if (frames.length > MAX_FRAMES) {
            text.append("\t... ").append(frames.length - MAX_FRAMES).append(" more\n");
        }
        for (Throwable other : fault.getSuppressed()) {
            append("suppressed: ", other);
        }
        if (fault.getCause() != null) {
            append("caused by: ", fault.getCause());
        }
    }
}
