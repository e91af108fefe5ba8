package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.observe.LogFormat;
import io.moonglass.server.observe.LogLevel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.logging.ConsoleHandler;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.Logger;

/// The program's log: one line for each record, on standard error.
final class Logging {

    private static final String LEVEL_VARIABLE = "MOONGLASS_LOG_LEVEL";

    private static volatile boolean isQuiet;

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
        chosenLevel().ifPresent(level -> LogLevel.set(parse(level)));
    }

    private static Optional<String> chosenLevel() {
        return Optional.ofNullable(System.getenv(LEVEL_VARIABLE)).filter(name -> !name.isBlank());
    }

    /// Logs warnings alone, unless somebody asks for a level: for commands whose model is not what they are about.
    static void beQuiet() {
        if (chosenLevel().isEmpty() && LogLevel.get() == LogLevel.INFO) {
            LogLevel.set(LogLevel.WARNING);
            isQuiet = true;
        }
    }

    /// The command is over, and what runs in this process after it logs as before.
    static void endQuiet() {
        if (isQuiet) {
            LogLevel.set(LogLevel.INFO);
            isQuiet = false;
        }
    }

    /// Logs also what only those who look for a fault want to see.
    static void beVerbose() {
        if (LogLevel.get().compareTo(LogLevel.DEBUG) < 0) {
            LogLevel.set(LogLevel.DEBUG);
        }
    }

    /// Has what goes to standard error written so from now on.
    static void writeAs(LogFormat format) {
        for (Handler handler : Logger.getLogger("").getHandlers()) {
            if (handler instanceof ConsoleHandler console) {
                console.setFormatter(format.formatter());
                encodeInUtf8(console);
            }
        }
    }

    private static void encodeInUtf8(ConsoleHandler console) {
        try {
            console.setEncoding(StandardCharsets.UTF_8.name());
        } catch (IOException e) {
            throw new UncheckedIOException("every JVM has UTF-8", e);
        }
    }

    private static LogLevel parse(String level) {
        return LogLevel.named(level)
                .orElseThrow(() ->
                        new ConfigException(
                                "%s is \"%s\"; want one of %s"
                                        .formatted(LEVEL_VARIABLE, level, LogLevel.names())));
    }
}
