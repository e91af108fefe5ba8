package io.moonglass.server.command;

import static io.moonglass.clients.ContentPart.image;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.engine.FinishReason;
import io.moonglass.loader.TestModels;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ScriptedModel;
import io.moonglass.server.http.ServerOptions;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ChatSessionTest {

    private final ScriptedModel model = new ScriptedModel();
    private final MoonglassServer server =
            MoonglassServer.start(model, ServerOptions.DEFAULT.withPort(0));
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir private Path directory;

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void every_turn_is_answered_with_what_was_said_before() {
        talk("Hello?", "And now?");

        assertEquals("Good day ☾\nGood day ☾\n", out.toString());
        assertEquals("", err.toString(), "nobody types, so there are no prompts");
        assertEquals(
                List.of(
                        Message.text(Role.USER, "Hello?"),
                        Message.text(Role.ASSISTANT, "Good day ☾"),
                        Message.text(Role.USER, "And now?")),
                model.lastRequest().messages());
    }

    @Test
    void a_line_that_ends_with_a_backslash_goes_on_in_the_next() {
        talk("one\\", "two");

        assertEquals(List.of(Message.text(Role.USER, "one\ntwo")), model.lastRequest().messages());
    }

    @Test
    void a_picture_is_shown_with_the_next_question_alone() throws Exception {
        Path picture = TestModels.golden().resolve("images/odd_37x91.png");

        talk("/image '" + picture + "'", "What is it?", "And now?");

        List<Message> messages = model.lastRequest().messages();
        assertEquals(3, messages.size());
        assertTrue(messages.get(0).content().get(0) instanceof ContentPart.Picture);
        assertEquals(1, messages.get(2).content().size());
    }

    @Test
    void what_is_refused_spoils_one_question_and_not_the_next() {
        Path picture = TestModels.golden().resolve("images/odd_37x91.png");
        model.script =
                (request, events, stop) -> {
                    if (request.messages().getLast().content().size() > 1) {
                        events.accept(
                                new GenerationEvent.Failed(
                                        InvalidRequestException.invalidValue(
                                                "messages", "no picture")));
                    } else {
                        events.accept(new GenerationEvent.TextDelta("Good day ☾"));
                        events.accept(ScriptedModel.finished(FinishReason.STOP));
                    }
                };

        assertEquals(1, talk("/image " + picture, "What is it?", "And now?"));

        assertEquals("Good day ☾\n", out.toString());
        assertTrue(err.toString().contains("is forgotten"), err.toString());
    }

    @Test
    void a_file_that_is_gone_when_it_is_sent_is_said_and_the_conversation_goes_on() {
        ChatSession session = session(new StringReader("What is it?\nAnd now?\n"), false);
        session.show(image(directory.resolve("gone.png")));

        session.run();

        assertEquals(1, session.numFailed());
        assertEquals("Good day ☾\n", out.toString());
        assertTrue(err.toString().contains("gone.png cannot be read"), err.toString());
    }

    @Test
    void undo_forgets_the_last_turn() {
        talk("one?", "two?", "/undo", "three?");

        assertEquals(
                List.of(
                        Message.text(Role.USER, "one?"),
                        Message.text(Role.ASSISTANT, "Good day ☾"),
                        Message.text(Role.USER, "three?")),
                model.lastRequest().messages());
    }

    @Test
    void a_system_message_can_be_set_and_taken_back_without_losing_what_was_said() {
        talk("one?", "/system be brief", "two?");

        assertEquals(
                List.of(
                        Message.text(Role.SYSTEM, "be brief"),
                        Message.text(Role.USER, "one?"),
                        Message.text(Role.ASSISTANT, "Good day ☾"),
                        Message.text(Role.USER, "two?")),
                model.lastRequest().messages());

        talk("/system be brief", "/system", "one?");

        assertEquals(List.of(Message.text(Role.USER, "one?")), model.lastRequest().messages());
    }

    @Test
    void a_conversation_is_saved_for_people_and_for_programs() throws Exception {
        Path markdown = directory.resolve("talk.md");
        Path json = directory.resolve("talk.json");

        int numFailed = talk("Hello?", "/save " + markdown, "/save " + json, "/save " + markdown);

        assertEquals(
                """
                # Conversation

                ## Question

                Hello?

                ## Answer

                Good day ☾
                """,
                Files.readString(markdown));
        JsonNode messages = new ObjectMapper().readTree(json.toFile()).get("messages");
        assertEquals("user", messages.at("/0/role").textValue());
        assertEquals("Good day ☾", messages.at("/1/content/0/text").textValue());
        assertEquals(1, numFailed, "what is there is not written over");
        assertTrue(err.toString().contains("is there already"), err.toString());
    }

    @Test
    void what_is_wrong_is_said_in_a_line_and_the_conversation_goes_on() {
        int numFailed =
                talk(
                        "/dance",
                        "/image",
                        "/image /nowhere.png",
                        "/image -",
                        "/undo",
                        "Hello?",
                        "/quit",
                        "x");

        assertEquals(5, numFailed);
        assertEquals(
                """
                moonglass: /dance is no command; /help lists them
                moonglass: /image: want a path or an address behind it
                moonglass: /image /nowhere.png: cannot be read; want a file, an address, or - for standard input
                moonglass: /image: want a path or an address behind it
                moonglass: /undo: nothing was answered yet
                """,
                err.toString());
        assertEquals("Good day ☾\n", out.toString());
    }

    @Test
    void an_answer_that_is_stopped_is_ended_on_the_server_and_forgotten() throws Exception {
        CountDownLatch cancelled = new CountDownLatch(1);
        model.script =
                (_, events, stop) -> {
                    events.accept(new GenerationEvent.TextDelta("Well"));
                    stop.await();
                    cancelled.countDown();
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };
        ChatSession session = session(new StringReader("Hello?\n"), false);
        Thread talking = Thread.ofVirtual().start(session::run);
        while (!out.toString().contains("Well")) {
            Thread.sleep(5);
        }

        assertTrue(session.stop());

        talking.join();
        cancelled.await();
        assertTrue(err.toString().contains("stopped"), err.toString());
        assertEquals(0, session.numFailed());
        assertFalse(session.stop(), "nothing is being written any more");
    }

    @Test
    void what_would_steer_a_terminal_is_not_written_to_one() {
        model.script =
                (_, events, _) -> {
                    events.accept(new GenerationEvent.TextDelta("a\u001b[2Jb\u009bc\td"));
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };

        session(new StringReader("Hello?\n"), true).run();

        assertEquals("a\uFFFD[2Jb\uFFFDc\td\n", out.toString());
        assertTrue(err.toString().startsWith("> "), err.toString());
    }

    @Test
    void an_answer_that_was_cut_off_is_said_to_be() {
        model.script =
                (_, events, _) -> {
                    events.accept(new GenerationEvent.TextDelta("Well"));
                    events.accept(ScriptedModel.finished(FinishReason.LENGTH));
                };

        talk("Hello?");

        assertEquals("moonglass: the answer was cut off at the token limit\n", err.toString());
    }

    /// @return what failed
    private int talk(String... lines) {
        ChatSession session = session(new StringReader(String.join("\n", lines)), false);
        session.run();
        return session.numFailed();
    }

    private ChatSession session(StringReader lines, boolean isInteractive) {
        MoonglassClient client =
                MoonglassClient.of(URI.create("http://127.0.0.1:" + server.port()));
        ChatScreen screen =
                new ChatScreen(
                        new PrintWriter(out, true),
                        new PrintWriter(err, true),
                        new AnswerText(new PrintWriter(out, true), isInteractive),
                        new AnswerText(new PrintWriter(err, true), isInteractive),
                        isInteractive,
                        false,
                        false);
        return new ChatSession(
                client.conversation().keepWithinContext(100).start(),
                new BufferedReader(lines),
                screen,
                false);
    }
}
