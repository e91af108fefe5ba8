package io.moonglass.server.observe;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// What the program logs from now on, down to the last detail, as its log has it.
public final class CapturedLog implements AutoCloseable {

    private final Logger ours = Logger.getLogger("io.moonglass");
    private final Level before = ours.getLevel();
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Handler handler;

    public CapturedLog(LogFormat format) {
        handler =
                new Handler() {
                    @Override
                    public void publish(LogRecord entry) {
                        lines.add(format.formatter().format(entry));
                    }

                    @Override
                    public void flush() {}

                    @Override
                    public void close() {}
                };
        ours.addHandler(handler);
        ours.setUseParentHandlers(false);
        ours.setLevel(Level.ALL);
    }

    /// Until now, each with its line break.
    public List<String> lines() {
        return List.copyOf(lines);
    }

    /// The first with this in it; waits for it for a while, as some are written after the answer was sent.
    public String await(String part) throws InterruptedException {
        for (int i = 0; i < 2_000; i++) {
            for (String line : lines) {
                if (line.contains(part)) {
                    return line;
                }
            }
            Thread.sleep(10);
        }
        throw new AssertionError("no line has " + part + ": " + lines);
    }

    @Override
    public void close() {
        ours.removeHandler(handler);
        ours.setUseParentHandlers(true);
        ours.setLevel(before);
    }
}
