package io.moonglass.server.command;

import io.moonglass.server.files.FileStoreOptions;
import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.storage.TenantFolders;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The options of `serve` that say which uploaded files are kept.
final class FileOptions implements SettingsSection {

    private static final System.Logger LOG = System.getLogger(FileOptions.class.getName());
    private static final long MAX_SECONDS = 1_000_000_000;
    private static final int MAX_FILES = 10_000;

    @Option(
            names = "--files-dir",
            paramLabel = "DIR",
            description = {
                "Keep files of /v1/files here",
                "(default: $MOONGLASS_STATE/files or ~/.local/state/moonglass/files)."
            })
    private Optional<Path> directory = Optional.empty();

    @Option(
            names = "--files-quota",
            paramLabel = "SIZE",
            converter = ByteSizeConverter.class,
            defaultValue = "1GiB",
            description =
                    "Keep at most this much of each API key, and refuse more. 0 to take no files (default:"
                            + " ${DEFAULT-VALUE}).")
    private long quota;

    @Option(
            names = "--max-file-size",
            paramLabel = "SIZE",
            converter = ByteSizeConverter.class,
            defaultValue = "512MiB",
            description = "The largest file that is taken (default: ${DEFAULT-VALUE}).")
    private long maxFileSize;

    @Option(
            names = "--files-expiry",
            paramLabel = "SECONDS",
            converter = SecondsConverter.class,
            description =
                    "Delete a file this long after it was uploaded; who uploads it may ask for a shorter time"
                            + " (default: never).")
    private Optional<Double> expiry = Optional.empty();

    @Override
    public String section() {
        return "files";
    }

    @Override
    public void check() {
        store(Path.of(""));
    }

    /// These options with what was asked for here. Where nobody said where, and the usual place cannot be
    /// written to, no file is taken, and that is logged.
    ///
    /// @throws io.moonglass.loader.fault.ConfigException if a size or time is none
    ServerOptions in(ServerOptions options) {
        if (quota == 0) {
            return options;
        }
        Path usual =
                StateDirectory.of(System.getenv(), Path.of(System.getProperty("user.home")))
                        .resolve("files");
        if (directory.isEmpty() && !TenantFolders.canWrite(usual)) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "files are not taken: {0} cannot be written to; --files-dir names another folder",
                    usual);
            return options;
        }
        return options.withFiles(store(directory.orElse(usual)));
    }

    private FileStoreOptions store(Path folder) {
        Optional<Duration> time =
                expiry.map(seconds -> Seconds.of("--files-expiry", seconds, MAX_SECONDS));
        return new FileStoreOptions(folder, quota, MAX_FILES, maxFileSize, time);
    }
}
