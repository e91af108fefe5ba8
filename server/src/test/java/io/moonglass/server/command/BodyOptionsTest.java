package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.http.ServerOptions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class BodyOptionsTest {

    @Test
    void each_is_taken() {
        ServerOptions options =
                parsed("--body-timeout=1m", "--body-budget=1MiB", "--ping-interval=500ms");

        assertEquals(Duration.ofMinutes(1), options.bodyTimeout());
        assertEquals(1 << 20, options.bodyBudgetBytes());
        assertEquals(Duration.ofMillis(500), options.pingInterval());
    }

    @Test
    void without_any_the_defaults_hold() {
        assertEquals(ServerOptions.DEFAULT, parsed());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--body-timeout=0", "--ping-interval=2d", "--body-budget=0"})
    void what_cannot_be_is_refused(String argument) {
        assertThrows(ConfigException.class, () -> parsed(argument));
    }

    private static ServerOptions parsed(String... arguments) {
        return CommandLine.populateCommand(new BodyOptions(), arguments).in(ServerOptions.DEFAULT);
    }
}
