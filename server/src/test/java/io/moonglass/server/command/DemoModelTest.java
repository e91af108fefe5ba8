package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The trained model that comes with the project.
class DemoModelTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path FOLDER = DemoModel.directory().getParent();
    private static final Path EVALUATION = FOLDER.resolve("evaluation");

    /// Percent of right answers that a skill may not fall below, a little under the model card's figures.
    private static final Map<String, Integer> FLOORS =
            Map.ofEntries(
                    Map.entry("shape", 94),
                    Map.entry("colour", 93),
                    Map.entry("count", 87),
                    Map.entry("presence", 94),
                    Map.entry("position", 93),
                    Map.entry("size", 86),
                    Map.entry("describe", 86),
                    Map.entry("unknown", 90),
                    Map.entry("turns", 88),
                    Map.entry("ocr_seen", 73),
                    Map.entry("ocr_unseen", 58),
                    Map.entry("chart", 64),
                    Map.entry("compare", 72),
                    Map.entry("video", 86),
                    Map.entry("system", 57),
                    Map.entry("json", 60));

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void python_and_java_agree_on_twenty_prompts() throws IOException {
        Path golden = FOLDER.resolve("golden");

        int exitCode = run("check", "--model=" + DemoModel.directory(), "--golden=" + golden);

        assertEquals(0, exitCode, out.toString() + err);
        JsonNode prompts = JSON.readTree(golden.resolve("prompts.json").toFile()).get("prompts");
        assertTrue(prompts.size() >= 20, "only " + prompts.size() + " prompts were recorded");
    }

    @Test
    void it_answers_as_well_as_its_card_says(@TempDir Path folder) throws IOException {
        Path report = folder.resolve("report.json");

        int exitCode = run("eval", "--set=" + EVALUATION, "--json=" + report);

        assertEquals(0, exitCode, err.toString());
        JsonNode skills = JSON.readTree(report.toFile()).get("skills");
        FLOORS.forEach((skill, floor) -> {
            JsonNode count = skills.get(skill);
            double percent = 100.0 * count.get("right").intValue() / count.get("asked").intValue();
            assertTrue(percent >= floor, skill + " is below " + floor + " %:\n" + out);
        });
    }

    @Test
    void the_evaluation_set_is_as_large_as_its_card_says() throws IOException {
        List<String> lines = Files.readAllLines(EVALUATION.resolve("questions.jsonl"));

        assertTrue(lines.size() >= 600, "only " + lines.size() + " conversations");
    }

    @Test
    void a_checkpoint_fits_into_its_place_in_the_repository() throws IOException {
        long numBytes = 0;
        try (var files = Files.list(DemoModel.directory())) {
            for (Path file : files.toList()) {
                numBytes += Files.size(file);
            }
        }

        assertTrue(numBytes <= 25_000_000, numBytes + " bytes");
    }

    @Test
    void where_it_is_missing_a_command_asks_for_another() {
        String usual = System.getProperty(DemoModel.PROPERTY);
        try {
            System.setProperty(DemoModel.PROPERTY, "/nowhere");
            assertEquals(2, run("serve", "--port=0"));
            System.clearProperty(DemoModel.PROPERTY);
            assertEquals(2, run("ask", "What is this?"));
        } finally {
            System.setProperty(DemoModel.PROPERTY, usual);
        }

        assertEquals(
                """
                moonglass: no --model, and no demo model in /nowhere; give --model DIR
                moonglass: no --model, and the system property moonglass.demo-model does not say where the demo model is; give --model DIR
                """,
                err.toString());
    }

    private int run(String... words) {
        return Main.run(
                Main::openInProcess, new PrintWriter(out, true), new PrintWriter(err, true), words);
    }
}
