package io.moonglass.server.command;

import io.moonglass.server.hub.HubCacheDirectory;
import io.moonglass.server.hub.PulledModels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Where the checkpoint is that `--model` names.
final class ModelPath {

    private ModelPath() {}

    /// A folder of this name, else the snapshot that was pulled under it.
    static Path of(String model) {
        return of(model, System.getenv(), Path.of(System.getProperty("user.home")));
    }

    /// @param environment with the variables that say where Hugging Face's cache is
    static Path of(String model, Map<String, String> environment, Path home) {
        Path directory = Path.of(model);
        if (Files.exists(directory)) {
            return directory;
        }
        return new PulledModels(HubCacheDirectory.of(environment, home))
                .find(model)
                .orElse(directory);
    }
}
