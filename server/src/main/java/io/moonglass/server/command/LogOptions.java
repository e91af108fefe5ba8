package io.moonglass.server.command;

import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.observe.LogFormat;
import io.moonglass.server.observe.LogLevel;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/// What `serve` logs, and how.
final class LogOptions implements SettingsSection {

    private static final System.Logger LOG = System.getLogger(LogOptions.class.getName());

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            description = "Log error, warning, info, debug or trace (default: info).",
            converter = LevelConverter.class)
    private Optional<LogLevel> level = Optional.empty();

    @Option(
            names = "--log-format",
            paramLabel = "FORMAT",
            description = "Log lines of text, or json: an object on each line (default: text).",
            converter = FormatConverter.class)
    private Optional<LogFormat> format = Optional.empty();

    @Option(
            names = "--log-prompts",
            negatable = true,
            defaultValue = "false",
            fallbackValue = "true",
            description =
                    "Log what is asked and answered, which is else never in the log (default: off).")
    private boolean prompts;

    /// Java's names are taken too.
    static final class LevelConverter implements ITypeConverter<LogLevel> {

        @Override
        public LogLevel convert(String text) {
            return LogLevel.named(text)
                    .orElseThrow(
                            () -> new TypeConversionException("want one of " + LogLevel.names()));
        }
    }

    static final class FormatConverter extends LowerCaseConverter<LogFormat> {

        FormatConverter() {
            super(LogFormat.values());
        }
    }

    @Override
    public String section() {
        return "log";
    }

    /// Has the log written so from now on.
    void apply() {
        format.ifPresent(Logging::writeAs);
        level.ifPresent(LogLevel::set);
    }

    /// These options with what was asked for here. That texts are logged is said once.
    ServerOptions in(ServerOptions options) {
        if (!prompts) {
            return options;
        }
        LOG.log(System.Logger.Level.WARNING, "what is asked and answered is logged");
        return options.withLogPrompts(true);
    }
}
