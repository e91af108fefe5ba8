package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.TestModels;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ScriptedModel;
import io.moonglass.server.http.ServerOptions;
import java.io.BufferedReader;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// With `--json` standard output is one JSON value, whole, or nothing.
@Timeout(300)
class JsonOutputTest {

    private static final String TINY = TestModels.tinyRandom().toString();

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir private Path folder;

    @Test
    void what_was_packed_or_made_up_is_told() throws Exception {
        Path packed = folder.resolve("packed");
        JsonNode pack =
                json(0, "pack", "--json", "--model=" + TINY, "--weights=q4", "--out=" + packed);

        assertEquals(packed.toString(), pack.get("directory").textValue());
        assertEquals("q4", pack.get("weights").textValue());
        assertEquals("q8", pack.get("vision_weights").textValue());
        assertTrue(pack.get("bytes").longValue() > 0, pack.toString());

        JsonNode synth =
                json(
                        0,
                        "synth",
                        "--json",
                        "--config=" + TINY + "/config.json",
                        "--weights=q8",
                        "--out=" + folder.resolve("random"));
        assertEquals("q8", synth.get("weights").textValue());
    }

    @Test
    void an_installation_says_whether_it_copied() throws Exception {
        Path target = folder.resolve("installed");

        assertTrue(json(0, "install", "--json", TINY, target.toString()).get("copied").asBoolean());
        assertFalse(
                json(0, "install", "--json", TINY, target.toString()).get("copied").asBoolean());
    }

    @Test
    void a_check_tells_of_every_group_whether_it_agrees() throws Exception {
        Path golden = Files.createDirectory(folder.resolve("golden"));
        String prompts = Files.readString(TestModels.golden().resolve("prompts.json"));
        Files.writeString(
                golden.resolve("prompts.json"), prompts.replace("You compare", "I compare"));

        JsonNode check = json(1, "check", "--json", "--model=" + TINY, "--golden=" + golden);

        int numFailed = 0;
        for (JsonNode group : check.get("groups")) {
            numFailed += group.get("passed").asBoolean() ? 0 : 1;
        }
        assertTrue(numFailed > 0, check.toString());
        assertEquals(numFailed, check.get("failed").intValue());
    }

    @Test
    void figures_are_printed_or_kept_in_a_file() throws Exception {
        String[] compare = {"compare", "--model=" + DemoModel.directory(), "--limit=1", "--json"};
        JsonNode printed = json(0, compare);
        assertEquals(0, printed.at("/all/relative_error").doubleValue());

        Path file = folder.resolve("figures.json");
        compare[3] = "--json=" + file;
        run(0, compare);
        assertTrue(out.toString().startsWith("skill "), out.toString());
        assertEquals(printed, new ObjectMapper().readTree(file.toFile()));
    }

    @Test
    void a_server_that_is_tried_is_told_of_check_by_check() throws Exception {
        try (MoonglassServer server =
                MoonglassServer.start(new ScriptedModel(), ServerOptions.DEFAULT.withPort(0))) {
            JsonNode tried =
                    json(0, "selftest", "--json", "--url=http://127.0.0.1:" + server.port());

            assertTrue(tried.get("passed").asBoolean());
            assertEquals("ready", tried.at("/checks/0/name").textValue());
            assertEquals(4, tried.get("checks").size());
        }
        JsonNode failed =
                json(1, "selftest", "--json", "--url=http://127.0.0.1:1", "--timeout=0.1");
        assertFalse(failed.get("passed").asBoolean());
        assertTrue(failed.at("/checks/0/seen").textValue().contains("no answer"));
    }

    @Test
    void a_key_and_its_line_are_told() throws Exception {
        JsonNode key = json(0, "key", "--json", "alice");

        assertTrue(key.get("key").textValue().startsWith("mg-"), key.toString());
        assertTrue(key.get("line").textValue().startsWith("alice "), key.toString());
    }

    @Test
    void settings_are_told_checked_and_described() throws Exception {
        Path file =
                Files.writeString(folder.resolve("application.yaml"), "server:\n  port: 9000\n");

        assertEquals("default", json(0, "config", "--json").at("/server/port/source").textValue());
        assertTrue(json(0, "config", "--json", "--check=" + file).get("valid").asBoolean());
        JsonNode described = json(0, "config", "--json", "--describe");
        assertTrue(described.size() > 50, described.toString());
        assertEquals("models.model", described.get(0).get("key").textValue());
    }

    @Test
    void a_server_that_is_ready_says_where() throws Exception {
        PipedReader lines = new PipedReader();
        PrintWriter serverOut = new PrintWriter(new PipedWriter(lines), true);
        Thread server =
                Thread.ofPlatform()
                        .start(() ->
                                Main.run(
                                        (_, _) -> new ScriptedModel(),
                                        serverOut,
                                        new PrintWriter(err, true),
                                        "serve",
                                        "--json",
                                        "--model=x",
                                        "--port=0",
                                        "--operations-port=0"));
        JsonNode ready = new ObjectMapper().readTree(new BufferedReader(lines).readLine());
        server.interrupt();
        server.join();

        assertEquals("x", ready.at("/models/0").textValue());
        assertTrue(ready.get("url").textValue().startsWith("http://127.0.0.1:"), ready.toString());
        assertTrue(ready.get("operations_port").intValue() > 0, ready.toString());
    }

    @Test
    void a_fault_is_a_line_on_standard_error_with_json_too() {
        run(2, "inspect", "--json", "/nowhere");

        assertEquals("", out.toString());
        assertTrue(err.toString().matches("moonglass: [^\n]+\n"), err.toString());
    }

    private JsonNode json(int exitCode, String... words) throws JsonProcessingException {
        run(exitCode, words);
        return new ObjectMapper()
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .readTree(out.toString());
    }

    private void run(int exitCode, String... words) {
        out.getBuffer().setLength(0);
        int actual =
                Main.run(
                        Main::openInProcess,
                        new PrintWriter(out, true),
                        new PrintWriter(err, true),
                        words);
        assertEquals(exitCode, actual, err::toString);
    }
}
