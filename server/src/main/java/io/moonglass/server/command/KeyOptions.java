package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.http.ApiKeys;
import io.moonglass.server.http.ServerOptions;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The option of `serve` that says whose requests are taken.
final class KeyOptions implements SettingsSection {

    private static final System.Logger LOG = System.getLogger(KeyOptions.class.getName());

    @Option(
            names = "--api-key-file",
            paramLabel = "FILE",
            description = {
                "Take only requests with one of these keys, as Authorization: Bearer KEY (default: none).",
                "A line for each: a name and the key's SHA-256 in hexadecimal digits."
            })
    private Optional<Path> apiKeyFile = Optional.empty();

    @Override
    public String section() {
        return "keys";
    }

    /// These options with what was asked for here. Whether keys are wanted is logged.
    ///
    /// @throws ConfigException if the keys cannot be read
    ServerOptions in(ServerOptions options) {
        Optional<ApiKeys> keys = apiKeyFile.map(ApiKeys::read);
        keys.ifPresentOrElse(
                some ->
                        LOG.log(
                                System.Logger.Level.INFO,
                                "API keys: one of {0} is wanted with every request",
                                some.size()),
                () ->
                        LOG.log(
                                System.Logger.Level.INFO,
                                "API keys: none is wanted; whoever reaches the address may ask"));
        return keys.map(options::withApiKeys).orElse(options);
    }
}
