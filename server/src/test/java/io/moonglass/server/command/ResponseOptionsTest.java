package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.http.ServerOptions;
import io.moonglass.server.responses.ResponseStoreOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ResponseOptionsTest {

    private static final Path HOME = Path.of("/home/me");

    @TempDir private Path folder;

    @Test
    void each_is_taken() {
        ServerOptions options =
                parsed(
                        "--responses-dir=" + folder,
                        "--responses-quota=5MiB",
                        "--responses-expiry=60");

        assertEquals(
                Optional.of(new ResponseStoreOptions(folder, 5 << 20, Duration.ofSeconds(60))),
                options.responses());
    }

    @Test
    void without_any_room_nothing_is_kept() {
        assertEquals(
                Optional.empty(),
                parsed("--responses-dir=" + folder, "--responses-quota=0").responses());
    }

    @Test
    void a_time_that_is_none_is_refused() {
        assertThrows(
                ConfigException.class,
                () -> parsed("--responses-dir=" + folder, "--responses-expiry=0"));
    }

    @Test
    void the_usual_place_is_where_the_users_programs_keep_their_state() {
        assertEquals(HOME.resolve(".local/state/moonglass"), StateDirectory.of(Map.of(), HOME));
        assertEquals(
                Path.of("/state/moonglass"),
                StateDirectory.of(Map.of("XDG_STATE_HOME", "/state"), HOME));
        assertEquals(
                HOME.resolve(".local/state/moonglass"),
                StateDirectory.of(Map.of("XDG_STATE_HOME", "relative"), HOME));
        assertEquals(Path.of("/ours"), StateDirectory.of(Map.of("MOONGLASS_STATE", "/ours"), HOME));
    }

    private static ServerOptions parsed(String... arguments) {
        return CommandLine.populateCommand(new ResponseOptions(), arguments)
                .in(ServerOptions.DEFAULT);
    }
}
