package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.admission.QueueLimits;
import io.moonglass.server.http.ServerOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ServingOptionsTest {

    @TempDir private Path folder;

    private final Logger logger = Logger.getLogger(ServingOptions.class.getName());
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
    void without_any_the_defaults_hold_and_it_is_said_that_no_key_is_wanted() {
        ServingOptions options = parsed();

        assertEquals(ServerOptions.DEFAULT, options.in(ServerOptions.DEFAULT));
        assertEquals(ChatModelOptions.DEFAULT, options.in(ChatModelOptions.DEFAULT));
        assertEquals(1, logged.size());
        assertTrue(logged.getFirst().contains("none is wanted"), logged.toString());
    }

    @Test
    void each_is_taken_and_it_is_said_how_many_keys_there_are() throws Exception {
        Path keys = folder.resolve("keys");
        Files.writeString(keys, "a " + "0".repeat(64) + "\nb " + "1".repeat(64));
        ServingOptions options =
                parsed(
                        "--api-key-file=" + keys,
                        "--request-timeout=1.5",
                        "--stuck-after=7",
                        "--max-queued-tokens=8",
                        "--max-queued-pixels=9");

        ServerOptions server = options.in(ServerOptions.DEFAULT);
        ChatModelOptions model = options.in(ChatModelOptions.DEFAULT);

        assertEquals(2, server.apiKeys().orElseThrow().size());
        assertEquals(Optional.of(Duration.ofMillis(1_500)), server.requestTimeout());
        assertEquals(Duration.ofSeconds(7), server.stuckAfter());
        assertEquals(new QueueLimits(OptionalLong.of(8), 9), model.queueLimits());
        assertTrue(logged.getFirst().contains("one of 2 is wanted"), logged.toString());
    }

    @Test
    void whether_a_model_thinks_first_can_be_said() {
        assertEquals(Optional.of(true), reasons("--reasoning"));
        assertEquals(Optional.of(false), reasons("--no-reasoning"));
        assertEquals(Optional.empty(), reasons());
    }

    private static Optional<Boolean> reasons(String... arguments) {
        return parsed(arguments).in(ChatModelOptions.DEFAULT).reasons();
    }

    private static ServingOptions parsed(String... arguments) {
        return CommandLine.populateCommand(new ServingOptions(), arguments);
    }
}
