package io.moonglass.server.observe;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/// How much the program tells in its log, of itself and not of its libraries. May be changed at any time, by any thread.
public enum LogLevel {
    ERROR(Level.SEVERE),
    WARNING(Level.WARNING),
    INFO(Level.INFO),
    /// For those who look for a fault: also what is a caller's affair, and requests for health and metrics.
    DEBUG(Level.FINE),
    TRACE(Level.ALL);

    // The log manager itself holds loggers weakly, and a level would go with its logger.
    private static final Logger OURS = Logger.getLogger("io.moonglass");

    private final Level level;

    LogLevel(Level level) {
        this.level = level;
    }

    /// The level by its name in any case, which may be Java's own (`SEVERE`, `FINE`, `FINEST`); empty if there is none.
    public static Optional<LogLevel> named(String name) {
        String wanted = name.strip().toUpperCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(one -> one.name().equals(wanted) || one.level.getName().equals(wanted))
                .findFirst()
                .or(() ->
                        wanted.equals("FINER") || wanted.equals("FINEST")
                                ? Optional.of(TRACE)
                                : Optional.empty());
    }

    /// The names that there are, for people.
    public static String names() {
        return Arrays.stream(values()).map(LogLevel::label).collect(Collectors.joining(", "));
    }

    /// The level that is in force.
    public static LogLevel get() {
        for (Logger logger = OURS; logger != null; logger = logger.getParent()) {
            if (logger.getLevel() != null) {
                return of(logger.getLevel());
            }
        }
        return INFO;
    }

    /// Has this level in force from now on.
    public static void set(LogLevel level) {
        OURS.setLevel(level.level);
    }

    /// The same by its name.
    ///
    /// @throws InvalidRequestException for the field `level`, if there is no such level
    public static void set(String name) {
        set(
                named(name)
                        .orElseThrow(() ->
                                InvalidRequestException.invalidValue(
                                        "level",
                                        "level: there is no such level; want one of %s"
                                                .formatted(names()))));
    }

    /// As it is spelt on the command line.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// The level that a line of one of Java's belongs to.
    static LogLevel of(Level level) {
        int value = level.intValue();
        if (value >= Level.SEVERE.intValue()) {
            return ERROR;
        }
        if (value >= Level.WARNING.intValue()) {
            return WARNING;
        }
        if (value >= Level.INFO.intValue()) {
            return INFO;
        }
        return value >= Level.FINE.intValue() ? DEBUG : TRACE;
    }
}
