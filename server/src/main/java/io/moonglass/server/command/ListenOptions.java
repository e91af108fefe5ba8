package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.http.ServerOptions;
import picocli.CommandLine.Option;

/// The options of `serve` that say where it listens, and whether people find a page there.
final class ListenOptions implements SettingsSection {

    private static final int MAX_PORT = 65_535;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "Address to listen on; 0.0.0.0 for all (default: ${DEFAULT-VALUE}).")
    private String host;

    @Option(
            names = "--port",
            paramLabel = "PORT",
            defaultValue = "8080",
            description = "Port to listen on; 0 for any that is free (default: ${DEFAULT-VALUE}).")
    private int port;

    @Option(
            names = "--playground",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description =
                    "Serve a page at / on which people ask the model and see what the server does"
                            + " (default: on; --no-playground).")
    private boolean playground;

    @Override
    public String section() {
        return "server";
    }

    @Override
    public void check() {
        in(ServerOptions.DEFAULT);
    }

    /// The address as it was given.
    String host() {
        return host;
    }

    /// These options with what was asked for here.
    ///
    /// @throws ConfigException if the host is empty or the port none
    ServerOptions in(ServerOptions options) {
        if (port < 0 || port > MAX_PORT) {
            throw new ConfigException("--port is %d; want 0 to %d".formatted(port, MAX_PORT));
        }
        return options.withHost(host).withPort(port).withPlayground(playground);
    }
}
