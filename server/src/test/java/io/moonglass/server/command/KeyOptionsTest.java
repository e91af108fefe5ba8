package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.server.http.ServerOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class KeyOptionsTest {

    @TempDir private Path folder;

    private final Logger logger = Logger.getLogger(KeyOptions.class.getName());
    private final List<String> logged = new ArrayList<>();
    private final Handler handler =
            new Handler() {
                @Override
                public void publish(LogRecord entry) {
                    logged.add(new java.util.logging.SimpleFormatter().formatMessage(entry));
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            };

    @BeforeEach
    void listen() {
        logger.addHandler(handler);
    }

    @AfterEach
    void stopListening() {
        logger.removeHandler(handler);
    }

    @Test
    void without_any_it_is_said_that_none_is_wanted() {
        assertEquals(Optional.empty(), parsed().in(ServerOptions.DEFAULT).apiKeys());
        assertEquals(1, logged.size());
        assertTrue(logged.getFirst().contains("none is wanted"), logged.toString());
    }

    @Test
    void they_are_read_and_it_is_said_how_many_there_are() throws Exception {
        Path keys = folder.resolve("keys");
        Files.writeString(keys, "a " + "0".repeat(64) + "\nb " + "1".repeat(64));

        ServerOptions server = parsed("--api-key-file=" + keys).in(ServerOptions.DEFAULT);

        assertEquals(2, server.apiKeys().orElseThrow().size());
        assertTrue(logged.getFirst().contains("one of 2 is wanted"), logged.toString());
    }

    private static KeyOptions parsed(String... arguments) {
        return CommandLine.populateCommand(new KeyOptions(), arguments);
    }
}
