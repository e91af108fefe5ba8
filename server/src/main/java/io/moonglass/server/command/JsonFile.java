package io.moonglass.server.command;

import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What `--json` names: a command's figures for programs.
final class JsonFile {

    private JsonFile() {}

    /// @param figures records, maps or nodes, as Jackson writes them
    /// @throws ConfigException if the file cannot be written
    static void write(Object figures, Path file) {
        try (var out = Files.newBufferedWriter(file)) {
            out.write(
                    new ObjectMapper()
                            .writer(new DefaultPrettyPrinter())
                            .writeValueAsString(figures));
            out.write('\n');
        } catch (IOException e) {
            throw new ConfigException("--json %s: cannot be written".formatted(file), e);
        }
    }
}
