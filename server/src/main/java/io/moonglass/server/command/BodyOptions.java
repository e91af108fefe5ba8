package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.http.ServerOptions;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options of `serve` that say how long bodies may take to come, what they may hold together, and how answers
/// are kept open.
final class BodyOptions implements SettingsSection {

    private static final long MAX_SECONDS = 86_400;

    @Option(
            names = "--body-timeout",
            paramLabel = "SECONDS",
            converter = SecondsConverter.class,
            description =
                    "How long a request's body may take to come, and a second more for every MiB (default: 30).")
    private Optional<Double> bodyTimeout = Optional.empty();

    @Option(
            names = "--body-budget",
            paramLabel = "SIZE",
            converter = ByteSizeConverter.class,
            description =
                    "What the bodies of all requests may hold together; one that is too large waits a little and is then refused (default: a quarter of the heap).")
    private Optional<Long> bodyBudget = Optional.empty();

    @Option(
            names = "--ping-interval",
            paramLabel = "SECONDS",
            converter = SecondsConverter.class,
            description =
                    "Silence after which a stream sends a comment, so that proxies keep it open (default: 15).")
    private Optional<Double> pingInterval = Optional.empty();

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
    /// @throws ConfigException if a time or a size is none
    ServerOptions in(ServerOptions options) {
        if (bodyBudget.filter(bytes -> bytes < 1).isPresent()) {
            throw new ConfigException("--body-budget is 0; want room for a body, such as 256MiB");
        }
        ServerOptions timed =
                bodyTimeout
                        .map(seconds -> Seconds.of("--body-timeout", seconds, MAX_SECONDS))
                        .map(options::withBodyTimeout)
                        .orElse(options);
        ServerOptions pinged =
                pingInterval
                        .map(seconds -> Seconds.of("--ping-interval", seconds, MAX_SECONDS))
                        .map(timed::withPingInterval)
                        .orElse(timed);
        return bodyBudget.map(pinged::withBodyBudgetBytes).orElse(pinged);
    }
}
