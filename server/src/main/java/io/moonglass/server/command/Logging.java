package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;

/// The program's log: one line for each record, on standard error.
final class Logging {

    private static final String LEVEL_VARIABLE = "MOONGLASS_LOG_LEVEL";

    // The log manager itself holds loggers weakly, and a level would go with its logger.
    private static final Logger OURS = Logger.getLogger("io.moonglass");

    private Logging() {}

    /// Sets the log up, unless the operator has with `java.util.logging.config.file`.
    ///
    /// @throws ConfigException if the variable `MOONGLASS_LOG_LEVEL` names no level
    static void configure() {
        if (System.getProperty("java.util.logging.config.file") == null) {
            try (InputStream configuration =
                    Logging.class.getResourceAsStream("logging.properties")) {
                LogManager.getLogManager().readConfiguration(configuration);
            } catch (IOException e) {
                throw new UncheckedIOException("logging.properties cannot be read", e);
            }
        }
        LastingLogManager.keep();
        String level = System.getenv(LEVEL_VARIABLE);
        if (level != null && !level.isBlank()) {
            OURS.setLevel(parse(level));
        }
    }

    /// Logs also what only those who look for a fault want to see.
    static void beVerbose() {
        OURS.setLevel(Level.FINE);
    }

    private static Level parse(String level) {
        try {
            return Level.parse(level.strip().toUpperCase(java.util.Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(
                    "%s is \"%s\"; want SEVERE, WARNING, INFO, FINE or FINEST"
                            .formatted(LEVEL_VARIABLE, level),
                    e);
        }
    }
}
