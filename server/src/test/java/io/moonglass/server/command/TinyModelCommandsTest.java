package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.GoldenPrompt;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.tokenizer.Tokenizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The commands with the recorded model.
class TinyModelCommandsTest {

    private static final String MODEL = "--model=" + TestModels.tinyRandom();

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void a_question_about_a_picture_gets_its_recorded_answer() {
        GoldenPrompt prompt = GoldenPrompt.named("image");

        assertEquals(0, run(arguments(prompt, MODEL)), err.toString());

        assertEquals(text(prompt) + System.lineSeparator(), out.toString());
        assertEquals(
                "moonglass: the answer was cut off at the token limit" + System.lineSeparator(),
                err.toString());
    }

    @Test
    void a_served_model_gives_the_same_answers_by_url() throws Exception {
        PipedReader lines = new PipedReader();
        PrintWriter serverOut = new PrintWriter(new PipedWriter(lines), true);
        StringWriter serverErr = new StringWriter();
        Thread server =
                Thread.ofPlatform()
                        .start(() ->
                                Main.run(
                                        Main::openInProcess,
                                        serverOut,
                                        new PrintWriter(serverErr, true),
                                        "serve",
                                        MODEL,
                                        "--name=moon",
                                        "--port=0"));
        String ready = new BufferedReader(lines).readLine();
        String url = ready.substring(ready.indexOf("http://"));
        assertEquals("moonglass: moon on " + url, ready);

        for (String name : List.of("text", "image", "video_4_frames")) {
            GoldenPrompt prompt = GoldenPrompt.named(name);
            out.getBuffer().setLength(0);
            assertEquals(0, run(arguments(prompt, "--url=" + url)), err.toString());
            assertEquals(text(prompt) + System.lineSeparator(), out.toString());
        }

        server.interrupt();
        server.join();
        assertEquals("", serverErr.toString());
    }

    @Test
    void a_picture_that_is_none_is_named_by_its_file(@TempDir Path directory) throws IOException {
        Path file = Files.writeString(directory.resolve("notes.txt"), "no picture");

        assertEquals(2, run("ask", MODEL, "--image=" + file, "what?"));

        assertTrue(err.toString().startsWith("moonglass: --image " + file + ": "), err.toString());
    }

    @Test
    void a_copy_of_the_recordings_agrees_and_a_damaged_one_does_not(@TempDir Path golden)
            throws IOException {
        Path prompts = golden.resolve("prompts.json");
        Files.copy(TestModels.golden().resolve("prompts.json"), prompts);
        Files.createDirectory(golden.resolve("images"));
        for (GoldenPrompt prompt : GoldenPrompt.all().toList()) {
            for (Path image : prompt.images()) {
                Path copy = golden.resolve("images").resolve(image.getFileName());
                if (Files.notExists(copy)) {
                    Files.copy(image, copy);
                }
            }
        }

        assertEquals(0, run("check", MODEL, "--golden=" + golden), out.toString());
        assertTrue(out.toString().endsWith("check: 30 groups, 0 failed\n"), out.toString());

        String text = Files.readString(prompts);
        Files.writeString(
                prompts, text.replace("� маль", "! маль").replace("You compare", "I compare"));
        assertEquals(1, run("check", MODEL, "--golden=" + golden));
        assertTrue(out.toString().contains("FAILED"), out.toString());
        assertEquals("", err.toString());
    }

    @Test
    void a_check_of_nothing_does_not_pass(@TempDir Path golden) {
        assertEquals(2, run("check", MODEL, "--golden=" + golden));

        assertEquals("", out.toString());
        assertTrue(err.toString().matches("moonglass: .*nothing to compare.*\n"), err.toString());
    }

    @Test
    void a_checkpoint_is_inspected() {
        assertEquals(0, run("inspect", TestModels.tinyRandom().toString()), err.toString());

        assertTrue(out.toString().contains("kimi_vl"), out.toString());
    }

    /// What to type for a prompt of one user message.
    private static String[] arguments(GoldenPrompt prompt, String answerer) {
        List<String> arguments = new ArrayList<>();
        arguments.add("ask");
        arguments.add(answerer);
        arguments.add("--temperature=0");
        arguments.add("--max-tokens=" + prompt.newIds().size());
        prompt.images().forEach(image -> arguments.add("--image=" + image));
        List<String> texts = prompt.messages().findValuesAsText("text");
        arguments.add(
                texts.isEmpty()
                        ? prompt.messages().get(0).get("content").textValue()
                        : texts.getFirst());
        return arguments.toArray(String[]::new);
    }

    /// The recorded answer as a reader sees it: without special tokens.
    private static String text(GoldenPrompt prompt) {
        int[] ids = prompt.newIds().stream().mapToInt(Integer::intValue).toArray();
        return Tokenizer.read(TestModels.tinyRandom()).decode(ids, true);
    }

    private int run(String... arguments) {
        return Main.run(
                Main::openInProcess,
                new PrintWriter(out, true),
                new PrintWriter(err, true),
                arguments);
    }
}
