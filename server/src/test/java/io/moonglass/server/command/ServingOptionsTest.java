package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.admission.QueueLimits;
import io.moonglass.server.http.ServerOptions;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class ServingOptionsTest {

    @Test
    void without_any_the_defaults_hold() {
        ServingOptions options = parsed();

        assertEquals(ServerOptions.DEFAULT, options.in(ServerOptions.DEFAULT));
        assertEquals(ChatModelOptions.DEFAULT, options.in(ChatModelOptions.DEFAULT));
    }

    @Test
    void each_is_taken() {
        ServingOptions options =
                parsed(
                        "--request-timeout=1.5",
                        "--stuck-after=7",
                        "--max-queued-tokens=8",
                        "--max-queued-pixels=9");

        ServerOptions server = options.in(ServerOptions.DEFAULT);
        ChatModelOptions model = options.in(ChatModelOptions.DEFAULT);

        assertEquals(Optional.of(Duration.ofMillis(1_500)), server.requestTimeout());
        assertEquals(Duration.ofSeconds(7), server.stuckAfter());
        assertEquals(new QueueLimits(OptionalLong.of(8), 9), model.queueLimits());
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
