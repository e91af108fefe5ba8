package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.files.FileStoreOptions;
import io.moonglass.server.http.ServerOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class FileOptionsTest {

    @TempDir private Path folder;

    @Test
    void each_is_taken() {
        ServerOptions options =
                parsed(
                        "--files-dir=" + folder,
                        "--files-quota=5MiB",
                        "--max-file-size=2MiB",
                        "--files-expiry=60");

        assertEquals(
                Optional.of(
                        new FileStoreOptions(
                                folder,
                                5 << 20,
                                10_000,
                                2 << 20,
                                Optional.of(Duration.ofSeconds(60)))),
                options.files());
    }

    @Test
    void files_stay_unless_a_time_is_given() {
        assertEquals(
                Optional.empty(), parsed("--files-dir=" + folder).files().orElseThrow().expiry());
    }

    @Test
    void without_any_room_no_file_is_taken() {
        assertEquals(Optional.empty(), parsed("--files-dir=" + folder, "--files-quota=0").files());
    }

    @Test
    void a_size_or_a_time_that_is_none_is_refused() {
        assertThrows(
                ConfigException.class, () -> parsed("--files-dir=" + folder, "--max-file-size=0"));
        assertThrows(
                ConfigException.class, () -> parsed("--files-dir=" + folder, "--files-expiry=0"));
    }

    private static ServerOptions parsed(String... arguments) {
        return CommandLine.populateCommand(new FileOptions(), arguments).in(ServerOptions.DEFAULT);
    }
}
