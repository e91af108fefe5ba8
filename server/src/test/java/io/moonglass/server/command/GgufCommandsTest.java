package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.ChatModelOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufCommandsTest {

    private static final Path MODEL = TestModels.tinyRandom();

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir private Path folder;

    private Path pair;
    private Path decoder;
    private Path vision;

    /// What was opened last.
    private Path opened;

    private ChatModelOptions openedWith;

    private final ModelOpener remembering =
            (directory, options) -> {
                opened = directory;
                openedWith = options;
                throw new ConfigException("opened");
            };

    @BeforeEach
    void namePair() {
        pair = folder.resolve("pair");
        decoder = pair.resolve("decoder.gguf");
        vision = pair.resolve("mmproj.gguf");
    }

    @ParameterizedTest
    @ValueSource(strings = {"f32", "bf16"})
    void a_pair_of_floats_gives_the_recorded_numbers(String format) {
        write(MODEL, format);

        assertEquals(0, check(decoder), out.toString());
        assertTrue(out.toString().contains("prompt_two_images/step_logits"), out.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"q8", "q4"})
    void a_quantised_pair_is_off_by_as_much_as_its_checkpoint_in_that_format(String format) {
        write(MODEL, format);
        assertEquals(1, check(decoder), out.toString());
        double error = error("prompt_text/layer.0.attn_out");
        double visionError = error("vision/projected");

        Path packed = folder.resolve("packed");
        run(0, "pack", "--model=" + MODEL, "--weights=" + format, "--out=" + packed);
        out.getBuffer().setLength(0);
        assertEquals(1, check(packed), out.toString());
        double packedError = error("prompt_text/layer.0.attn_out");

        assertTrue(error > 1e-4 && error < 2 * packedError, error + ", packed " + packedError);
        assertTrue(visionError < 0.05, "the vision part has 8 bits: " + visionError);
    }

    private double error(String tensors) {
        Matcher line =
                Pattern.compile("(?m)^" + tensors + " +([-0-9.e+]+) ").matcher(out.toString());
        assertTrue(line.find(), out.toString());
        return Double.parseDouble(line.group(1));
    }

    @Test
    void the_demo_model_reads_a_picture_from_a_pair_of_four_bits() throws IOException {
        Path picture = DemoModel.directory().resolveSibling("evaluation/images/ocr_unseen_012.png");
        write(DemoModel.directory(), "q4");
        run(0, "pack", "--model=" + decoder, "--json", "--out=" + folder.resolve("packed"));
        JsonNode tensors = new ObjectMapper().readTree(out.toString()).get("tensors");
        out.getBuffer().setLength(0);
        ask(0, "--model=" + decoder, "--image=" + picture, "What does it say?");

        assertEquals("sand Two" + System.lineSeparator(), out.toString());
        int numExact = 0;
        for (JsonNode tensor : tensors) {
            if (tensor.get("from").textValue().equals("Q4_0")) {
                assertEquals("q4", tensor.get("to").textValue());
                assertEquals(0, tensor.get("relative_error").doubleValue());
                numExact++;
            }
        }
        assertTrue(numExact > 30, numExact + " in Q4_0");
    }

    @Test
    void a_pair_is_packed_once_for_all_that_ask_it() throws IOException {
        write(MODEL, "q8");
        run(remembering, 2, "ask", "--model=" + decoder, "--cache=" + cache(), "Hello?");
        Path first = opened;
        run(remembering, 2, "ask", "--model=" + decoder, "--cache=" + cache(), "Hello?");

        assertEquals(first, opened);
        assertTrue(first.startsWith(cache()), first.toString());
        assertEquals("decoder", openedWith.name().orElseThrow());
        assertTrue(Files.readString(first.resolve("config.json")).contains("kimi_vl"));
    }

    @Test
    void several_models_have_each_its_vision_part() throws IOException {
        write(MODEL, "q8");
        Path other = Files.copy(vision, folder.resolve("other.gguf"));
        run(
                remembering,
                2,
                "serve",
                "--port=0",
                "--cache=" + cache(),
                "--model=small=" + decoder,
                "--model=" + MODEL,
                "--mmproj=small=" + other);
        assertTrue(Files.readString(opened.resolve("moonglass-pack.json")).contains("other.gguf"));
        assertEquals("small", openedWith.name().orElseThrow());

        err.getBuffer().setLength(0);
        run(
                remembering,
                2,
                "serve",
                "--port=0",
                "--model=small=" + decoder,
                "--mmproj=large=" + other);
        assertTrue(
                err.toString().contains("no model is named large; want one of small"),
                err.toString());
    }

    @Test
    void without_its_vision_part_a_model_reads_text() throws IOException {
        write(MODEL, "q8");
        ask(0, "--model=" + decoder, "--mmproj=none", "--max-tokens=3", "Hello?");
        Path picture = DemoModel.directory().resolveSibling("evaluation/images/ocr_unseen_012.png");
        ask(2, "--model=" + decoder, "--mmproj=none", "--image=" + picture, "Hello?");

        assertTrue(err.toString().contains("image"), err.toString());
    }

    @Test
    void which_vision_part_is_meant_has_to_be_clear() throws IOException {
        write(MODEL, "q8");
        Files.copy(vision, pair.resolve("mmproj-f16.gguf"));
        run(2, "inspect", decoder.toString());
        assertTrue(
                err.toString().contains("beside it lie mmproj-f16.gguf, mmproj.gguf"),
                err.toString());

        err.getBuffer().setLength(0);
        run(2, "inspect", MODEL.toString(), "--mmproj=" + vision);
        assertTrue(err.toString().contains("goes with a decoder in GGUF"), err.toString());

        err.getBuffer().setLength(0);
        ask(2, "--model=" + decoder, "--mmproj=" + folder.resolve("nowhere.gguf"), "Hello?");
        assertTrue(err.toString().contains("nowhere.gguf: no such file"), err.toString());

        err.getBuffer().setLength(0);
        run(2, "inspect", vision.toString(), "--mmproj=none");
        assertTrue(
                err.toString().contains("name the decoder's file, and this one with --mmproj"),
                err.toString());
    }

    @Test
    void an_inspection_shows_what_the_keys_make_of_the_model() {
        write(MODEL, "q4");
        run(0, "inspect", decoder.toString());

        String report = out.toString();
        assertTrue(report.contains("kimi_vl"), report);
        assertTrue(report.contains("pieces in tiktoken.model"), report);
        assertTrue(report.contains("Q4_0 "), report);
        assertTrue(report.contains("in 2 files"), report);
        assertFalse(report.contains("\nnote"), report);
    }

    @Test
    void a_file_that_is_none_is_answered_with_one_line() throws IOException {
        Path file = Files.writeString(folder.resolve("x.gguf"), "GGUF, but no more");
        ask(1, "--model=" + file, "Hello?");
        assertEquals(1, err.toString().lines().count(), err.toString());

        err.getBuffer().setLength(0);
        ask(2, "--model=" + folder.resolve("nowhere.gguf"), "Hello?");
        assertTrue(err.toString().contains("nowhere.gguf: no such file"), err.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"nowhere.gguf", "nowhere/model.gguf"})
    void a_file_that_is_not_there_is_no_model_of_a_hub(String name) {
        String line = "moonglass: " + name + ": no such file; want one in GGUF";
        run(2, "inspect", name);
        assertEquals(line, err.toString().strip());

        err.getBuffer().setLength(0);
        ask(2, "--model=" + name, "Hello?");
        assertEquals(line, err.toString().strip());
    }

    @Test
    void a_pair_is_made_from_a_checkpoint_in_a_format_that_it_may_have() {
        write(MODEL, "q8");
        run(2, "pack", "--model=" + decoder, "--to=gguf", "--weights=q4", "--out=" + folder + "/x");
        assertTrue(err.toString().contains("is in GGUF already"), err.toString());

        err.getBuffer().setLength(0);
        run(2, "pack", "--model=" + MODEL, "--to=gguf", "--weights=keep", "--out=" + folder + "/x");
        assertTrue(err.toString().contains("wants f32, bf16, q8 or q4"), err.toString());

        err.getBuffer().setLength(0);
        run(2, "pack", "--model=" + MODEL, "--out=" + folder + "/x");
        assertTrue(err.toString().contains("--weights is missing"), err.toString());
    }

    private Path cache() {
        return folder.resolve("cache");
    }

    private void write(Path model, String format) {
        run(0, "pack", "--model=" + model, "--to=gguf", "--weights=" + format, "--out=" + pair);
    }

    private int check(Path model) {
        return Main.run(
                Main::openInProcess,
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                "check",
                "--model=" + model,
                "--cache=" + cache(),
                "--golden=" + TestModels.golden());
    }

    private void ask(int exitCode, String... arguments) {
        String[] all = new String[arguments.length + 2];
        all[0] = "ask";
        all[1] = "--cache=" + cache();
        System.arraycopy(arguments, 0, all, 2, arguments.length);
        run(exitCode, all);
    }

    private void run(int exitCode, String... arguments) {
        run(Main::openInProcess, exitCode, arguments);
    }

    private void run(ModelOpener models, int exitCode, String... arguments) {
        int actual =
                Main.run(models, new PrintWriter(out, true), new PrintWriter(err, true), arguments);
        assertEquals(exitCode, actual, err.toString());
    }
}
