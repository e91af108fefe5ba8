package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.clients.UnauthorizedException;
import io.moonglass.loader.TestModels;
import io.moonglass.runtime.ContentPart;
import io.moonglass.server.http.ScriptedModel;
import io.moonglass.server.observe.LogLevel;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Commands that ask a server of their own.
@Timeout(120)
class ClientCommandsTest {

    private static final Path PICTURE = TestModels.golden().resolve("images/odd_37x91.png");
    private static final Path DEMO_PICTURE =
            Path.of("../model-loader/demo-model/evaluation/images/ocr_seen_000.png");

    private final ScriptedModel model = new ScriptedModel();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void a_conversation_on_standard_input_is_answered() {
        assertEquals(0, typed("Hello?\nAnd now?\n", "chat", "--model=x", "--temperature=0"));

        assertEquals("Good day ☾\nGood day ☾\n", out.toString());
        assertEquals("", err.toString());
        assertTrue(model.isClosed());
    }

    @Test
    void a_conversation_of_which_a_part_failed_says_so_where_nobody_types() {
        assertEquals(1, typed("/image /nowhere\nHello?\n", "chat", "--model=x"));

        assertEquals("Good day ☾\n", out.toString());
    }

    @Test
    void a_picture_may_come_on_standard_input() throws Exception {
        try (InputStream picture = Files.newInputStream(PICTURE)) {
            assertEquals(
                    0, typed(picture, "ask", "--model=x", "--image=-", "what?"), err::toString);
        }

        assertTrue(
                model.lastRequest().messages().getFirst().content().getFirst()
                        instanceof ContentPart.Picture);
    }

    @Test
    void an_answer_can_be_had_as_json() throws Exception {
        assertEquals(0, typed("", "ask", "--model=x", "--json", "what?"), err::toString);

        JsonNode answer = new ObjectMapper().readTree(out.toString());
        assertEquals("Good day ☾", answer.at("/choices/0/message/content").textValue());
        assertEquals(11, answer.at("/usage/prompt_tokens").intValue());
    }

    @Test
    void a_picture_is_read_to_the_same_text_in_both_forms() throws Exception {
        String[] words = {"ocr", "--temperature=0", "--format=text", DEMO_PICTURE.toString()};
        assertEquals(0, demo(words), err::toString);
        String text = out.toString();
        out.getBuffer().setLength(0);

        String picture = DEMO_PICTURE.toString();
        assertEquals(0, demo("ocr", "--temperature=0", "--format=text", "--json", picture));

        JsonNode read = new ObjectMapper().readTree(out.toString());
        assertTrue(text.startsWith("Vo"), text);
        assertEquals(text, read.at("/pages/0/text").textValue() + "\n");
    }

    @Test
    void what_is_no_document_is_named_as_it_was_typed() {
        assertEquals(2, demo("ocr", "pom.xml"));

        assertTrue(err.toString().matches("moonglass: pom.xml: [^\n]+\n"), err.toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ask --model x --image - --file - what?",
                "ask --model x --image - what?",
                "ask --model x --image https://[ what?",
                "ask --model x --video /nowhere.mp4 what?",
                "ocr",
                "ocr --model x /nowhere.pdf",
                "ocr --model x --format html pom.xml",
                "chat --model x more",
                "completion fish",
                "completion",
                "pull",
                "pull name",
                "pull a/b/c",
                "pull --parallel 0 a/b",
                "pull --parallel 17 a/b",
                "pull --out . a/b"
            })
    void what_cannot_work_is_said_in_one_line(String arguments) {
        assertEquals(2, typed("", arguments.split(" ")));

        assertTrue(err.toString().matches("moonglass: [^\n]+\n"), err.toString());
        assertEquals("", out.toString());
    }

    @Test
    void a_key_that_is_refused_is_the_askers_to_mend() throws Exception {
        try (RefusingServer server = new RefusingServer()) {
            assertEquals(2, typed("", "ask", "--url=" + server.address(), "what?"));
        }

        assertTrue(err.toString().matches("moonglass: [^\n]+\n"), err.toString());
    }

    @Test
    void an_address_of_this_machine_is_fetched_for_whoever_types_it() throws Exception {
        HttpServer pictures = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        byte[] picture = Files.readAllBytes(DEMO_PICTURE);
        pictures.createContext(
                "/",
                exchange -> {
                    exchange.getResponseHeaders().set("Content-Type", "image/png");
                    exchange.sendResponseHeaders(200, picture.length);
                    exchange.getResponseBody().write(picture);
                    exchange.close();
                });
        pictures.start();
        try {
            String address = "http://127.0.0.1:%d/a.png".formatted(pictures.getAddress().getPort());
            assertEquals(
                    0,
                    demo("ask", "--temperature=0", "--image=" + address, "What does it say?"),
                    err::toString);
        } finally {
            pictures.stop(0);
        }

        assertTrue(out.toString().startsWith("Vo"), out.toString());
    }

    @Test
    void a_command_leaves_the_log_as_it_was() {
        LogLevel before = LogLevel.get();
        List<LogLevel> during = new ArrayList<>();
        model.beforeClose = () -> during.add(LogLevel.get());

        assertEquals(0, typed("", "ask", "--model=x", "what?"), err::toString);

        assertEquals(List.of(LogLevel.WARNING), during, "nobody who asks wants a log");
        assertEquals(before, LogLevel.get());
    }

    @Test
    void a_commands_own_server_answers_that_command_alone() {
        try (AnsweringServer server =
                AnsweringServer.open(
                        new Answerer(),
                        (_, _) -> model,
                        new VisionFileOption(),
                        new WeightOptions(),
                        new ComputeOptions(),
                        new VisionOptions(),
                        new PrintWriter(err))) {
            assertEquals(1, server.client().models().data().size());

            MoonglassClient another = server.client().withApiKey("mg-guessed");
            assertThrows(UnauthorizedException.class, another::models);
        } finally {
            Logging.endQuiet();
        }
    }

    @Test
    void a_conversation_can_be_had_as_a_line_of_json_for_each_answer() throws Exception {
        assertEquals(0, typed("Hello?\nAnd now?\n", "chat", "--model=x", "--json"), err::toString);

        List<String> lines = out.toString().lines().toList();
        assertEquals(2, lines.size(), out.toString());
        for (String line : lines) {
            JsonNode answer = new ObjectMapper().readTree(line);
            assertEquals("Good day ☾", answer.at("/choices/0/message/content").textValue());
        }
        assertEquals(
                3, model.lastRequest().messages().size(), "the second has the first before it");
    }

    @Test
    void sizes_can_be_had_as_json() throws Exception {
        assertEquals(0, demo("inspect", "--json", DemoModel.directory().toString()));

        JsonNode sizes = new ObjectMapper().readTree(out.toString());
        assertEquals("kimi_vl", sizes.get("model_type").textValue());
        assertTrue(sizes.at("/total/parameters").longValue() > 1_000_000, out.toString());
    }

    private int typed(String text, String... words) {
        return typed(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), words);
    }

    private int typed(InputStream typed, String... words) {
        InputStream usual = System.in;
        try {
            System.setIn(typed);
            return run((_, _) -> model, words);
        } finally {
            System.setIn(usual);
        }
    }

    private int demo(String... words) {
        return run(Main::openInProcess, words);
    }

    private int run(ModelOpener models, String... words) {
        return Main.run(models, new PrintWriter(out, true), new PrintWriter(err, true), words);
    }
}
