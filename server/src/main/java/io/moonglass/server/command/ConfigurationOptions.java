package io.moonglass.server.command;

import io.moonglass.server.config.EffectiveConfiguration;
import io.moonglass.server.config.Settings;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The option of commands that have settings: where the file of them is.
final class ConfigurationOptions {

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = {
                "Settings for whatever is not said here or by a variable; 'moonglass config --describe' lists them",
                "(default: $MOONGLASS_CONFIG, else the first that is there of ~/.config/moonglass/application.yaml and /etc/moonglass/application.yaml)."
            })
    private Optional<Path> file = Optional.empty();

    private Optional<Settings> settings = Optional.empty();

    /// What `config --check` looks at instead.
    private Optional<Path> checked = Optional.empty();

    /// The file that is asked for; empty for the usual ones.
    Optional<Path> file() {
        return checked.or(() -> file);
    }

    void check(Path other) {
        checked = Optional.of(other);
    }

    boolean isCheck() {
        return checked.isPresent();
    }

    /// What all settings are.
    ///
    /// @throws java.util.NoSuchElementException if the command was not started by [Main]
    Settings settings() {
        return settings.orElseThrow();
    }

    /// The same for operators to read.
    EffectiveConfiguration effective() {
        return new EffectiveConfiguration(settings());
    }

    void settle(Settings all) {
        settings = Optional.of(all);
    }
}
