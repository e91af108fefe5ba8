package io.moonglass.server.command;

import io.moonglass.server.http.ServerOptions;
import java.time.Duration;
import picocli.CommandLine.Option;

/// The option of `serve` that says how long requests may go on when it is told to stop.
final class DrainOptions implements SettingsSection {

    private static final long MAX_SECONDS = 86_400;

    @Option(
            names = "--drain-timeout",
            paramLabel = "SECONDS",
            converter = SecondsConverter.class,
            defaultValue = "20",
            description =
                    "When told to stop, let running requests finish for this long, then cut them off; 0 to"
                            + " cut them at once (default: ${DEFAULT-VALUE}).")
    private double seconds;

    @Override
    public String section() {
        return "server";
    }

    @Override
    public void check() {
        in(ServerOptions.DEFAULT);
    }

    /// These options with what was asked for here.
    ///
    /// @throws io.moonglass.loader.fault.ConfigException if it is no time
    ServerOptions in(ServerOptions options) {
        return options.withDrainTimeout(
                seconds == 0 ? Duration.ZERO : Seconds.of("--drain-timeout", seconds, MAX_SECONDS));
    }
}
