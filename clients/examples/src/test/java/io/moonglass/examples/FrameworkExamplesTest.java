package io.moonglass.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The examples, against the real server and the demo model.
@Timeout(120)
class FrameworkExamplesTest {

    private static final String NAME = "moonglass-demo";
    private static final Path FOLDER = Path.of(System.getProperty("moonglass.demo-model"));
    private static final Path PICTURE =
            FOLDER.resolveSibling("evaluation").resolve("images").resolve("describe_000.png");
    private static final Path COUNTED = PICTURE.resolveSibling("json_000.png");
    private static final String TIMER_QUESTION = "Wake me in 383 minutes.";
    private static final String QUESTION = "What does the picture show?";
    private static final String ANSWER =
            "A purple square, a red square, a blue star and an orange diamond.";

    private static ChatModel model;
    private static MoonglassServer server;
    private final List<String> pieces = new ArrayList<>();

    @BeforeAll
    static void start() {
        model =
                LocalChatModel.load(
                        FOLDER, ChatModelOptions.DEFAULT.withName(NAME).withNumThreads(2));
        server =
                MoonglassServer.start(
                        model, ServerOptions.DEFAULT.withPort(0).withDrainTimeout(Duration.ZERO));
    }

    @AfterAll
    static void stop() {
        server.close();
        model.close();
    }

    private static String address() {
        return "http://127.0.0.1:%d/v1".formatted(server.port());
    }

    @Test
    void langchain4j_asks_about_a_picture() throws Exception {
        assertEquals(ANSWER, new LangChainExample(address(), NAME).ask(QUESTION, PICTURE));
    }

    @Test
    void langchain4j_streams_an_answer() throws Exception {
        String answer =
                new LangChainExample(address(), NAME).stream(QUESTION, PICTURE, pieces::add);

        assertEquals(ANSWER, answer);
        assertEquals(ANSWER, String.join("", pieces));
        assertTrue(pieces.size() > 1, pieces.toString());
    }

    @Test
    void langchain4j_gets_an_answer_of_a_given_shape() throws Exception {
        assertEquals(
                new LangChainExample.Seen(2, "grey"),
                new LangChainExample(address(), NAME).describe(COUNTED));
    }

    @Test
    void langchain4j_lets_the_model_call_a_tool() throws Exception {
        String answer =
                new LangChainExample(address(), NAME)
                        .askWithTimer(
                                TIMER_QUESTION,
                                minutes -> {
                                    pieces.add(minutes + " minutes");
                                    return "The timer runs.";
                                });

        assertEquals(List.of("383 minutes"), pieces);
        assertFalse(answer.isBlank());
    }

    @Test
    void spring_ai_gets_an_answer_that_is_a_record() {
        assertEquals(
                new SpringAiExample.Seen(2, "grey"),
                new SpringAiExample(address(), NAME).describe(COUNTED));
    }

    @Test
    void spring_ai_lets_the_model_call_a_tool() {
        String answer =
                new SpringAiExample(address(), NAME)
                        .askWithTimer(
                                TIMER_QUESTION,
                                timer -> {
                                    pieces.add(timer.minutes() + " minutes");
                                    return "The timer runs.";
                                });

        assertEquals(List.of("383 minutes"), pieces);
        assertFalse(answer.isBlank());
    }

    @Test
    void spring_ai_asks_about_a_picture() {
        assertEquals(ANSWER, new SpringAiExample(address(), NAME).ask(QUESTION, PICTURE));
    }

    @Test
    void spring_ai_streams_an_answer() {
        new SpringAiExample(address(), NAME).stream(QUESTION, PICTURE, pieces::add);

        assertEquals(ANSWER, String.join("", pieces));
        assertTrue(pieces.size() > 1, pieces.toString());
    }
}
