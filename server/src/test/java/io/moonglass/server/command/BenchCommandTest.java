package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.TestModels;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir private Path folder;

    @Test
    void every_figure_that_was_asked_for_is_there() throws IOException {
        Path json = folder.resolve("figures.json");

        int exitCode =
                run(
                        "bench",
                        "--model=" + TestModels.tinyRandom(),
                        "--prompts=5,40",
                        "--depths=0,33",
                        "--streams=3",
                        "--sizes=28",
                        "--json=" + json);

        assertEquals(0, exitCode, err.toString());
        JsonNode figures = new ObjectMapper().readTree(json.toFile());
        for (String path :
                List.of(
                        "/prompt_tokens_per_second/5",
                        "/prompt_tokens_per_second/40",
                        "/decode_tokens_per_second/0",
                        "/decode_tokens_per_second/33",
                        "/batch_decode_tokens_per_second/3",
                        "/picture_seconds/28",
                        "/load_seconds",
                        "/ready_seconds",
                        "/read_bytes_per_second")) {
            assertTrue(figures.at(path).doubleValue() > 0, path + " in " + figures);
        }
        assertTrue(out.toString().contains("token at depth 33"), out.toString());
    }

    @Test
    void what_was_not_asked_for_is_not_measured() {
        assertEquals(
                0,
                run("bench", "--model=" + TestModels.tinyRandom(), "--only=decode", "--depths=0"),
                err.toString());

        assertTrue(out.toString().contains("token at depth 0"), out.toString());
        assertTrue(!out.toString().contains("prompt of"), out.toString());
        assertTrue(!err.toString().contains("loading"), err.toString());
    }

    @Test
    void a_part_that_there_is_not_is_refused() {
        assertEquals(2, run("bench", "--only=speed"));
        assertTrue(err.toString().contains("want prompt, decode, picture or load"));
    }

    private int run(String... arguments) {
        return Main.run(
                Main::openInProcess,
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                arguments);
    }
}
