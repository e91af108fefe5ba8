package io.moonglass.server.command;

import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.responses.ResponseStoreOptions;
import io.moonglass.server.storage.TenantFolders;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options of `serve` that say which responses are kept for requests that go on from them.
final class ResponseOptions implements SettingsSection {

    private static final System.Logger LOG = System.getLogger(ResponseOptions.class.getName());
    private static final long MAX_SECONDS = 1_000_000_000;

    @Option(
            names = "--responses-dir",
            paramLabel = "DIR",
            description = {
                "Keep responses of /v1/responses here, for requests that go on from them",
                "(default: $MOONGLASS_STATE/responses or ~/.local/state/moonglass/responses)."
            })
    private Optional<Path> directory = Optional.empty();

    @Option(
            names = "--responses-quota",
            paramLabel = "SIZE",
            converter = ByteSizeConverter.class,
            defaultValue = "1GiB",
            description =
                    "Keep at most this much of each API key; what was not used for longest goes first. 0 to"
                            + " keep no response (default: ${DEFAULT-VALUE}).")
    private long quota;

    @Option(
            names = "--responses-expiry",
            paramLabel = "SECONDS",
            converter = SecondsConverter.class,
            defaultValue = "2592000",
            description =
                    "Drop a response that nobody has used for this long (default: ${DEFAULT-VALUE}, 30 days).")
    private double expiry;

    @Override
    public String section() {
        return "responses";
    }

    @Override
    public void check() {
        store(Path.of(""));
    }

    /// These options with what was asked for here. Where nobody said where, and the usual place cannot be
    /// written to, no response is kept, and that is logged.
    ///
    /// @throws io.moonglass.loader.fault.ConfigException if a time is none
    ServerOptions in(ServerOptions options) {
        if (quota == 0) {
            return options;
        }
        Path usual =
                StateDirectory.of(System.getenv(), Path.of(System.getProperty("user.home")))
                        .resolve("responses");
        if (directory.isEmpty() && !TenantFolders.canWrite(usual)) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "responses are not kept: {0} cannot be written to; --responses-dir names another folder",
                    usual);
            return options;
        }
        return options.withResponses(store(directory.orElse(usual)));
    }

    private ResponseStoreOptions store(Path folder) {
        return new ResponseStoreOptions(
                folder, quota, Seconds.of("--responses-expiry", expiry, MAX_SECONDS));
    }
}
