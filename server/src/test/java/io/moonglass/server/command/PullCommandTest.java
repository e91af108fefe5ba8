package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.hub.LoopbackHub;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class PullCommandTest {

    private static final String PICTURE =
            "../model-loader/demo-model/evaluation/images/ocr_seen_000.png";

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir private Path home;

    @Test
    void a_model_that_was_pulled_answers() throws Exception {
        try (LoopbackHub hub = demoModelHub()) {
            assertEquals(0, run(hub, "pull", "org/name"), err::toString);
        }
        Path snapshot = Path.of(out.toString().strip());
        Map<String, String> environment = Map.of("HF_HOME", home.toString());
        assertEquals(snapshot, ModelPath.of("org/name", environment, home));
        assertThrows(ConfigException.class, () -> ModelPath.of("org/other", environment, home));
        assertEquals(Path.of("other"), ModelPath.of("other", environment, home));
        out.getBuffer().setLength(0);

        assertEquals(
                0,
                run(
                        null,
                        "ask",
                        "--model=" + snapshot,
                        "--image=" + PICTURE,
                        "What does this say?"));

        assertEquals("Voge\n", out.toString());
        assertTrue(err.toString().contains(" of 9 files"), err.toString());
    }

    @Test
    void where_it_is_can_be_had_as_json() throws Exception {
        Path target = home.resolve("model");
        try (LoopbackHub hub = demoModelHub()) {
            assertEquals(
                    0, run(hub, "pull", "--json", "--out=" + target, "org/name@v1"), err::toString);
        }

        JsonNode pulled = new ObjectMapper().readTree(out.toString());
        assertEquals("org/name", pulled.get("model").textValue());
        assertEquals(LoopbackHub.COMMIT, pulled.get("commit").textValue());
        assertEquals(target.toString(), pulled.get("directory").textValue());
        assertTrue(pulled.get("bytes").longValue() > 1_000_000);
    }

    @Test
    void a_model_that_the_hub_does_not_have_is_said_in_one_line() throws Exception {
        try (LoopbackHub hub = demoModelHub()) {
            assertEquals(2, run(hub, "pull", "org/nothing"));
        }

        assertTrue(err.toString().matches("moonglass: org/nothing@main: [^\n]+\n"), err.toString());
    }

    private static LoopbackHub demoModelHub() throws Exception {
        LoopbackHub hub = new LoopbackHub();
        try (Stream<Path> files = Files.list(DemoModel.directory())) {
            for (Path file : files.toList()) {
                hub.with(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return hub;
    }

    /// @param hub that is asked; null for none
    private int run(LoopbackHub hub, String... words) {
        Map<String, String> environment = new HashMap<>(Map.of("HF_HOME", home.toString()));
        if (hub != null) {
            environment.put("HF_ENDPOINT", hub.address().toString());
        }
        return Main.run(
                Main::openInProcess,
                environment,
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                words);
    }
}
