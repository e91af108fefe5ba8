package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The small trained model that comes with the project, for commands that name no other.
final class DemoModel {

    /// The launcher says where it lies.
    static final String PROPERTY = "moonglass.demo-model";

    private DemoModel() {}

    /// @throws ConfigException if this installation has none
    static Path directory() {
        String directory = System.getProperty(PROPERTY);
        if (directory == null) {
            throw new ConfigException(
                    "no --model, and the system property %s does not say where the demo model is; give --model DIR"
                            .formatted(PROPERTY));
        }
        if (!Files.isDirectory(Path.of(directory))) {
            throw new ConfigException(
                    "no --model, and no demo model in %s; give --model DIR".formatted(directory));
        }
        return Path.of(directory);
    }
}
