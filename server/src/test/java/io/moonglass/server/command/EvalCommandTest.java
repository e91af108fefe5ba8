package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.engine.FinishReason;
import io.moonglass.loader.TestModels;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ScriptedModel;
import io.moonglass.server.http.ServerOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Sets of questions, asked over HTTP of a model whose answers are known.
class EvalCommandTest {

    private static final String QUESTIONS =
            """
            {"skill": "shape", "images": ["a.png"], "turns": [{"question": "shape?", "answer": ["circle"]}]}
            {"skill": "ocr", "images": ["a.png"], "turns": [{"question": "text?", "answer": ["Gate 12"]}], "match": "exact"}

            {"skill": "shape", "turns": [{"question": "word?", "answer": ["oval", "SQUARE"]}], "match": "contains"}
            {"skill": "turns", "images": ["a.png", "b.png"], "system": "Be brief.",
             "turns": [{"question": "colour?", "answer": ["red"]}, {"question": "shape?", "answer": ["circle"]}]}
            """
                    .replace(",\n ", ", ");

    /// What the model says to a last question.
    private static final Map<String, String> ANSWERS =
            Map.of(
                    "shape?", " circle\n",
                    "text?", "Gate 21",
                    "word?", "It is a square.",
                    "colour?", "blue");

    @TempDir private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final ScriptedModel model = new ScriptedModel();
    private final List<List<Message>> asked = Collections.synchronizedList(new ArrayList<>());

    @BeforeEach
    void write_the_set() throws IOException {
        Path picture = TestModels.golden().resolve("images/odd_37x91.png");
        Files.copy(picture, folder.resolve("a.png"));
        Files.copy(picture, folder.resolve("b.png"));
        Files.writeString(folder.resolve("questions.jsonl"), QUESTIONS);
        model.script =
                (request, events, _) -> {
                    asked.add(request.messages());
                    assertEquals(0, request.answer().sampling().temperature());
                    String answer = ANSWERS.get(text(request.messages().getLast()));
                    events.accept(new GenerationEvent.TextDelta(answer));
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };
    }

    @Test
    void right_answers_are_counted_by_skill() throws IOException {
        Path json = folder.resolve("report.json");

        assertEquals(0, eval("--model=x", "--json=" + json), err.toString());

        assertEquals(
                """
                skill           asked  right           characters
                shape               2      2  100.0 %     100.0 %
                ocr                 1      0    0.0 %      71.4 %
                turns               2      1   50.0 %      66.7 %
                all                 5      3   60.0 %      80.8 %
                """,
                out.toString());
        assertEquals(
                new ObjectMapper()
                        .readTree(
                                """
                                {"skills": {"shape": {"asked": 2, "right": 2}, "ocr": {"asked": 1, "right": 0},
                                 "turns": {"asked": 2, "right": 1}}, "asked": 5, "right": 3}\
                                """),
                new ObjectMapper().readTree(json.toFile()));
        assertTrue(model.isClosed());
    }

    @Test
    void a_later_question_follows_the_models_own_answer() {
        eval("--model=x", "--parallel=1");

        List<Message> last = asked.getLast();
        assertEquals(Message.text(Role.SYSTEM, "Be brief."), last.get(0));
        assertEquals(3, last.get(1).content().size(), "two pictures and a question");
        assertTrue(last.get(1).content().get(1) instanceof ContentPart.Picture);
        assertEquals(Message.text(Role.ASSISTANT, "blue"), last.get(2));
        assertEquals(Message.text(Role.USER, "shape?"), last.get(3));
    }

    @Test
    void mistakes_are_shown_with_their_pictures_and_progress_on_the_other_stream() {
        eval("--model=x", "--mistakes");

        assertTrue(
                out.toString().contains("ocr a.png text?: \"Gate 21\", wanted \"Gate 12\"\n"),
                out.toString());
        assertTrue(
                err.toString().endsWith("moonglass: 4 of 4 conversations, 3 of 5 answers right\n"),
                err.toString());
    }

    @Test
    void a_refused_question_does_not_end_the_others() {
        ScriptedModel.Script answering = model.script;
        model.script =
                (request, events, cancelled) -> {
                    if (text(request.messages().getLast()).equals("text?")) {
                        events.accept(new GenerationEvent.Failed(new IllegalStateException("no")));
                    } else {
                        answering.play(request, events, cancelled);
                    }
                };

        assertEquals(1, eval("--model=x"));

        assertTrue(out.toString().contains("all                 5      3"), out.toString());
        assertTrue(
                err.toString()
                        .endsWith(
                                "1 questions got an error instead of an answer; --mistakes shows them\n"),
                err.toString());
    }

    @Test
    void a_running_server_is_asked_by_its_address() {
        try (MoonglassServer server =
                MoonglassServer.start(model, ServerOptions.DEFAULT.withPort(0))) {
            assertEquals(0, eval("--url=http://127.0.0.1:" + server.port()), err.toString());
        }

        assertTrue(out.toString().contains("all                 5      3"), out.toString());
    }

    @Test
    void a_server_that_is_not_there_ends_it_at_once() {
        assertEquals(1, eval("--url=http://127.0.0.1:1"));

        assertEquals("", out.toString());
        assertTrue(err.toString().startsWith("moonglass: no answer from http://127.0.0.1:1"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    not json                                                          | line 1: Unrecognized token
                    {"skill": "s"}                                                    | line 1: want a skill and at least one turn
                    {"turns": [{"question": "q", "answer": ["a"]}]}                   | line 1: want a skill and at least one turn
                    {"skill": "s", "turns": [{"question": "q", "answer": []}]}        | line 1: want a question and at least one answer
                    {"skill": "s", "turn": []}                                        | line 1: Unrecognized field "turn"
                    {"skill": "s", "match": "loose", "turns": []}                     | line 1: Cannot deserialize
                    {"skill": "s", "images": ["c.png"], "turns": [{"question": "q", "answer": ["a"]}]} | line 1: no such picture
                    ''                                                                | holds no questions
                    """)
    void a_set_that_cannot_be_used_is_named_by_its_line(String line, String message)
            throws IOException {
        Files.writeString(folder.resolve("questions.jsonl"), line + "\n");

        assertEquals(2, eval("--model=x"));

        assertTrue(err.toString().startsWith("moonglass: " + folder), err.toString());
        assertTrue(err.toString().contains(message), err.toString());
        assertTrue(asked.isEmpty());
    }

    @Test
    void a_folder_without_questions_is_named() {
        assertEquals(2, run("eval", "--set=" + folder.resolve("none")));

        assertTrue(err.toString().contains("none: cannot be read; want a folder with"));
    }

    private int eval(String... options) {
        List<String> words = new ArrayList<>(List.of("eval", "--set=" + folder));
        words.addAll(List.of(options));
        return run(words.toArray(String[]::new));
    }

    private int run(String... words) {
        return Main.run(
                (_, _) -> model, new PrintWriter(out, true), new PrintWriter(err, true), words);
    }

    private static String text(Message message) {
        return ((ContentPart.Text) message.content().getLast()).text();
    }
}
