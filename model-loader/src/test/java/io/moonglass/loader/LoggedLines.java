package io.moonglass.loader;

import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/// What a class logs, until this is closed; its finest lines as well.
public final class LoggedLines extends Handler implements AutoCloseable {

    private final Logger logger;
    private final Level usual;
    private final List<String> lines;

    private LoggedLines(Logger logger, List<String> lines) {
        this.logger = logger;
        this.usual = logger.getLevel();
        this.lines = lines;
        setLevel(Level.ALL);
        logger.setLevel(Level.ALL);
        logger.addHandler(this);
    }

    /// @param lines get each line when it is logged
    public static LoggedLines of(Class<?> logging, List<String> lines) {
        return new LoggedLines(Logger.getLogger(logging.getName()), lines);
    }

    @Override
    public void publish(LogRecord line) {
        lines.add(new SimpleFormatter().formatMessage(line));
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        logger.removeHandler(this);
        logger.setLevel(usual);
    }
}
