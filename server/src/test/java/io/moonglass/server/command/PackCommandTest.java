package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackCommandTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir private Path folder;

    @Test
    void the_demo_model_reads_a_picture_from_four_bits_as_well() {
        Path packed = folder.resolve("q4");
        Path picture = DemoModel.directory().resolveSibling("evaluation/images/ocr_unseen_012.png");

        run(0, "pack", "--model=" + DemoModel.directory(), "--weights=q4", "--out=" + packed);
        run(0, "ask", "--model=" + packed, "--image=" + picture, "What does it say?");

        assertEquals("sand Two" + System.lineSeparator(), out.toString());
        assertTrue(err.toString().contains("245 of 245 tensors"), err.toString());
    }

    @Test
    void an_inspection_counts_weights_and_not_bytes() {
        Path packed = folder.resolve("q8");
        run(0, "pack", "--model=" + TestModels.tinyRandom(), "--weights=q8", "--out=" + packed);
        run(0, "inspect", packed.toString());

        String report = out.toString();
        assertTrue(report.contains("Q8 "), report);
        assertFalse(report.contains("\nnote"), report);
    }

    @Test
    void a_model_of_random_weights_answers_something() {
        Path model = folder.resolve("random");
        Path config = TestModels.tinyRandom().resolve("config.json");
        run(0, "synth", "--config=" + config, "--weights=q8", "--out=" + model);
        run(0, "ask", "--model=" + model, "--max-tokens=5", "Hello?");
    }

    @Test
    void a_folder_that_is_there_is_left_alone() {
        run(2, "pack", "--model=" + TestModels.tinyRandom(), "--weights=q8", "--out=" + folder);
        assertTrue(err.toString().contains("it is there already"), err.toString());
    }

    @Test
    void an_unknown_format_is_answered_with_those_there_are() {
        run(2, "pack", "--model=x", "--weights=q5", "--out=y");
        assertTrue(err.toString().contains("want one of f32, bf16, q8, q4"), err.toString());
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
