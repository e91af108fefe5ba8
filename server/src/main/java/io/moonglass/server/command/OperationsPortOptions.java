package io.moonglass.server.command;

import io.moonglass.server.http.ApiKeys;
import io.moonglass.server.http.OperationsOptions;
import io.moonglass.server.http.ServerOptions;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/// The options of `serve` that give operators a port of their own.
final class OperationsPortOptions implements SettingsSection {

    @Option(
            names = "--operations-port",
            paramLabel = "PORT",
            description = {
                "Answer operators on a port of their own: metrics, loading of models, caches, log level,",
                "configuration, thread and heap dumps. 0 for any that is free (default: none; metrics and",
                "loading are on the main port)."
            })
    private Optional<Integer> port = Optional.empty();

    @Option(
            names = "--operations-host",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description = "Address of the operations port (default: ${DEFAULT-VALUE}).")
    private String host;

    @Option(
            names = "--operations-key-file",
            paramLabel = "FILE",
            description = {
                "Want one of these keys for all but health and metrics on the operations port; lines as in",
                "--api-key-file. Default: none; such requests are taken from this machine alone."
            })
    private Optional<Path> keyFile = Optional.empty();

    @Override
    public String section() {
        return "operations";
    }

    /// These options with what was asked for here.
    ///
    /// @param configuration the effective one as YAML, for operators to read
    /// @throws io.moonglass.loader.fault.ConfigException if the port is none or the keys cannot be read
    ServerOptions in(ServerOptions options, Supplier<String> configuration) {
        return port.map(number ->
                        options.withOperations(on(number).withConfiguration(configuration)))
                .orElse(options);
    }

    private OperationsOptions on(int number) {
        Path heapDumps =
                StateDirectory.of(System.getenv(), Path.of(System.getProperty("user.home")))
                        .resolve("heap-dumps");
        OperationsOptions operations = OperationsOptions.onPort(number, heapDumps).withHost(host);
        return keyFile.map(ApiKeys::read).map(operations::withKeys).orElse(operations);
    }
}
