package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.pack.ModelFiles;
import io.moonglass.server.hub.HubCacheDirectory;
import io.moonglass.server.hub.HubRepository;
import io.moonglass.server.hub.PulledModels;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/// Where the checkpoint is that `--model` names.
final class ModelPath {

    private ModelPath() {}

    /// A folder or file of this name, else the snapshot that was pulled under it. Any other name is taken for one that is
    /// not there.
    ///
    /// @throws ConfigException if it is the `ORG/NAME` of nothing that was pulled
    static Path of(String model) {
        return of(model, System.getenv(), Path.of(System.getProperty("user.home")));
    }

    /// @param environment with the variables that say where Hugging Face's cache is
    static Path of(String model, Map<String, String> environment, Path home) {
        Path directory = folder(model);
        if (Files.exists(directory)) {
            return directory;
        }
        Optional<Path> pulled = pulled(model, environment, home);
        boolean isFile = ModelFiles.isGguf(directory); // who opens it says that it is missing
        if (pulled.isEmpty() && !isFile && HubRepository.parse(model).isPresent()) {
            throw new ConfigException(
                    "%s: no such folder, and no model of this name was pulled; name a folder, or fetch it: moonglass pull %s"
                            .formatted(model, model));
        }
        return pulled.orElse(directory);
    }

    /// The same where it has to be there at once.
    ///
    /// @throws ConfigException if there is no such folder
    static Path existing(String model) {
        return existing(of(model));
    }

    /// @throws ConfigException if there is no such folder
    static Path existing(Path directory) {
        if (!Files.isDirectory(directory)) {
            throw new ConfigException(
                    "%s: no such folder; want a checkpoint in Hugging Face layout"
                            .formatted(directory));
        }
        return directory;
    }

    /// The snapshot that was pulled under this name; empty where a folder has it, or nothing.
    static Optional<Path> pulled(String model) {
        return Files.exists(folder(model))
                ? Optional.empty()
                : pulled(model, System.getenv(), Path.of(System.getProperty("user.home")));
    }

    private static Optional<Path> pulled(String model, Map<String, String> environment, Path home) {
        return new PulledModels(HubCacheDirectory.of(environment, home)).find(model);
    }

    private static Path folder(String model) {
        try {
            return Path.of(model);
        } catch (InvalidPathException e) {
            throw new ConfigException(
                    "\"%s\" names no model; want a folder, or the ORG/NAME of one that was pulled"
                            .formatted(model),
                    e);
        }
    }
}
