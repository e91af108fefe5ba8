package io.moonglass.server.command;

import io.moonglass.server.http.ServerOptions;
import picocli.CommandLine.Option;

/// The options of `serve` that say what its metrics tell.
final class MetricsOptions implements SettingsSection {

    @Option(
            names = "--expert-metrics",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description =
                    "Tell the tokens of every expert of every layer in the metrics: 1,664 figures of a"
                            + " model of the released size (default: on; --no-expert-metrics).")
    private boolean expertMetrics;

    @Override
    public String section() {
        return "operations";
    }

    ServerOptions in(ServerOptions options) {
        return options.withExpertMetrics(expertMetrics);
    }
}
