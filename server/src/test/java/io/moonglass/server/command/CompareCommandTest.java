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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareCommandTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir private Path folder;

    @Test
    void a_model_agrees_with_itself_in_everything() throws IOException {
        JsonNode all = compare(DemoModel.directory()).path("all");

        assertTrue(all.path("positions").longValue() >= 6, all.toString());
        assertEquals(0, all.path("relative_error").doubleValue());
        assertEquals(1, all.path("top1_agreement").doubleValue());
    }

    @Test
    void four_bits_are_farther_from_the_reference_than_eight() throws IOException {
        double eight = compare(packed("q8")).at("/all/relative_error").doubleValue();
        JsonNode four = compare(packed("q4"));

        assertTrue(eight > 0, "eight bits: " + eight);
        double error = four.at("/all/relative_error").doubleValue();
        assertTrue(error > 2 * eight, "four bits: " + error + ", eight: " + eight);
        assertEquals(
                four.at("/all/positions").longValue(),
                four.path("skills").findValues("positions").stream()
                        .mapToLong(JsonNode::longValue)
                        .sum());
        assertTrue(out.toString().contains("same top-1"), out.toString());
    }

    @Test
    void models_that_are_not_of_one_kind_are_refused() {
        run(2, "compare", "--model=" + TestModels.tinyRandom(), "--limit=1");

        assertTrue(err.toString().contains("compare two forms of one model"), err.toString());
    }

    @Test
    void less_than_one_question_is_refused() {
        run(2, "compare", "--model=x", "--limit=0");

        assertTrue(err.toString().contains("--limit is 0; want 1 or more"), err.toString());
    }

    /// The figures over six conversations of the demo model's set.
    private JsonNode compare(Path model) throws IOException {
        Path json = folder.resolve("figures.json");
        run(0, "compare", "--model=" + model, "--limit=6", "--json=" + json);
        return new ObjectMapper().readTree(json.toFile());
    }

    private Path packed(String format) {
        Path packed = folder.resolve(format);
        run(
                0,
                "pack",
                "--model=" + DemoModel.directory(),
                "--weights=" + format,
                "--out=" + packed);
        return packed;
    }

    private void run(int exitCode, String... arguments) {
        int actual =
                Main.run(
                        Main::openInProcess,
                        new PrintWriter(out, true),
                        new PrintWriter(err, true),
                        arguments);
        assertEquals(exitCode, actual, err.toString());
    }
}
