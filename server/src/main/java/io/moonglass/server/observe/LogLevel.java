package io.moonglass.server.observe;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/// How much our own classes log, while the server runs. Safe to use from any thread.
public final class LogLevel {

    // the log manager itself holds loggers weakly, and a level would go with its logger
    private static final Logger OURS = Logger.getLogger("io.moonglass");

    /// As other programs call them too.
    private static final Map<String, Level> OTHER_NAMES =
            Map.of(
                    "ERROR",
                    Level.SEVERE,
                    "WARN",
                    Level.WARNING,
                    "DEBUG",
                    Level.FINE,
                    "TRACE",
                    Level.FINER);

    private LogLevel() {}

    /// The level that holds now.
    public static String get() {
        Logger logger = OURS;
        while (logger.getLevel() == null) {
            logger = logger.getParent(); // the root has one
        }
        return logger.getLevel().getName();
    }

    /// @throws InvalidRequestException if it is none
    public static void set(String level) {
        String name = level.strip().toUpperCase(Locale.ROOT);
        try {
            OURS.setLevel(
                    OTHER_NAMES.containsKey(name) ? OTHER_NAMES.get(name) : Level.parse(name));
        } catch (IllegalArgumentException e) {
            throw InvalidRequestException.invalidValue(
                    "level",
                    "level is none that there is; want SEVERE, WARNING, INFO, FINE, FINER or FINEST");
        }
    }
}
