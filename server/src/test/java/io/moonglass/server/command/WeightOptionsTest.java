package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.PackManifest;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightOptionsTest {

    private static final Path MODEL = TestModels.tinyRandom();

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    /// What was opened last, and under which name.
    private Path opened;

    private Optional<String> openedName;

    private final ModelOpener remembering =
            (directory, options) -> {
                opened = directory;
                openedName = options.name();
                throw new ConfigException("opened");
            };

    @TempDir private Path cache;

    @Test
    void a_model_is_packed_before_its_first_answer_and_not_before_its_second() {
        assertEquals(0, ask(Main::openInProcess, "--weights=q8"), err.toString());
        assertTrue(err.toString().contains("tensors, "), "progress: " + err);
        String firstAnswer = out.toString();
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        assertEquals(0, ask(Main::openInProcess, "--weights=q8"), err.toString());

        assertEquals(firstAnswer, out.toString());
        assertTrue(!err.toString().contains("tensors, "), "packed again: " + err);
    }

    @Test
    void a_packed_model_keeps_its_name() throws IOException {
        ask(remembering, "--weights=q4");

        assertEquals(entries().getFirst(), opened);
        assertEquals(Optional.of("tiny-random"), openedName);
    }

    @Test
    void a_small_model_is_taken_as_it_is_and_so_is_one_that_is_asked_for_as_stored()
            throws IOException {
        ask(remembering);
        assertEquals(MODEL, opened);
        opened = null;
        ask(remembering, "--weights=stored");

        assertEquals(MODEL, opened);
        assertEquals(List.of(), entries());
    }

    @Test
    void a_model_that_is_packed_already_is_taken_as_it_is() throws IOException {
        ask(remembering, "--weights=q8");
        Path packed = opened;
        opened = null;

        run(remembering, "ask", "--model=" + packed, "--weights=q8", "Hello?");
        assertEquals(packed, opened);
        assertEquals("q8", PackManifest.read(opened).orElseThrow().weights());
        assertEquals(1, entries().size());

        opened = null;
        err.getBuffer().setLength(0);
        assertEquals(2, run(remembering, "ask", "--model=" + packed, "--weights=q4", "Hello?"));
        assertEquals(null, opened);
        assertTrue(err.toString().contains("is packed already, as q8"), err.toString());
    }

    @Test
    void a_format_that_there_is_not_is_answered_with_those_there_are() {
        assertNotEquals(0, ask(remembering, "--weights=q5"));
        assertTrue(
                err.toString().contains("want one of f32, bf16, q8, q4, keep, stored"),
                err.toString());
    }

    private int ask(ModelOpener models, String... options) {
        List<String> words =
                new ArrayList<>(
                        List.of(
                                "ask",
                                "--model=" + MODEL,
                                "--cache=" + cache,
                                "--temperature=0",
                                "--max-tokens=4"));
        words.addAll(List.of(options));
        words.add("Hello?");
        return run(models, words.toArray(String[]::new));
    }

    private int run(ModelOpener models, String... words) {
        return Main.run(models, new PrintWriter(out, true), new PrintWriter(err, true), words);
    }

    /// Packed models of the cache; its hidden files are locks.
    private List<Path> entries() throws IOException {
        try (Stream<Path> entries = Files.list(cache)) {
            return entries.filter(Files::isDirectory).toList();
        }
    }
}
