package io.moonglass.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a conversation sends, keeps, and leaves out.
@Timeout(60)
class ConversationTest {

    private final LoopbackServer server = new LoopbackServer();
    private final MoonglassClient client = server.client().retries(RetryPolicy.NONE).build();

    private record Sum(int a, int b) {}

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void each_question_has_all_before_it() throws IOException {
        Conversation conversation =
                client.conversation().system("be brief").temperature(0.5).start();
        answers("one", "two");

        assertEquals("one", conversation.ask("first?"));
        assertEquals("two", conversation.ask("second?"));

        assertEquals(
                List.of("system be brief", "user first?", "assistant one", "user second?"),
                said(1));
        assertEquals(0.5, body(1).get("temperature").doubleValue());
        assertEquals(2, conversation.numTurns());
    }

    @Test
    void a_turn_that_fails_leaves_it_as_it_was() throws IOException {
        Conversation conversation = client.conversation().start();
        answers("one");
        conversation.ask("first?");
        server.answer(500, LoopbackServer.error("internal_error", "no"));

        assertThrows(ServerErrorException.class, () -> conversation.ask("second?"));

        assertEquals(1, conversation.numTurns());
        answers("three");
        conversation.ask("third?");
        assertEquals(List.of("user first?", "assistant one", "user third?"), said(2));
    }

    @Test
    void branches_have_nothing_in_common_but_their_beginning() throws IOException {
        Conversation conversation = client.conversation().start();
        answers("one", "two", "other", "earlier");
        conversation.ask("first?");
        Conversation branch = conversation.branch();

        conversation.ask("second?");
        branch.ask("another?");
        Conversation earlier = conversation.branchAfter(1);
        earlier.ask("back?");

        assertEquals(List.of("user first?", "assistant one", "user another?"), said(2));
        assertEquals(List.of("user first?", "assistant one", "user back?"), said(3));
        assertEquals(2, conversation.numTurns());
        assertThrows(IllegalArgumentException.class, () -> conversation.branchAfter(3));
    }

    @Test
    void a_branch_may_go_on_under_another_system_message() throws IOException {
        Conversation conversation =
                client.conversation().system("be brief").temperature(0.5).start();
        answers("one", "two", "three", "four");
        conversation.ask("first?");

        Conversation other = conversation.branchWithSystem("be kind");
        other.ask("second?");
        other.branchWithSystem(null).ask("third?");
        conversation.ask("another?");

        assertEquals(
                List.of("system be kind", "user first?", "assistant one", "user second?"), said(1));
        assertEquals(0.5, body(1).get("temperature").doubleValue());
        assertEquals(
                List.of(
                        "user first?",
                        "assistant one",
                        "user second?",
                        "assistant two",
                        "user third?"),
                said(2));
        assertEquals(
                List.of("system be brief", "user first?", "assistant one", "user another?"),
                said(3));
        assertEquals(2, conversation.numTurns());
        assertEquals(2, other.numTurns());
    }

    @Test
    void a_stream_is_kept_when_it_was_read_and_not_when_it_was_closed_before() {
        Conversation conversation = client.conversation().start();
        for (int i = 0; i < 2; i++) {
            server.answer((request, wire) -> {
                wire.beginStream();
                wire.piece("a");
                wire.piece("b");
                wire.event("[DONE]");
                wire.close();
            });
        }

        try (AnswerStream<ChatCompletionChunk> answer = conversation.stream("first?")) {
            assertThrows(IllegalStateException.class, () -> conversation.ask("meanwhile?"));
            assertEquals("a", answer.iterator().next().text());
        }
        assertEquals(0, conversation.numTurns());
        try (AnswerStream<ChatCompletionChunk> answer = conversation.stream("again?")) {
            answer.forEach(chunk -> {});
        }

        assertEquals(
                List.of(ChatMessage.user("again?"), ChatMessage.assistant("ab")),
                conversation.history());
    }

    @Test
    void the_oldest_turns_are_left_out_where_there_would_be_too_many_tokens() throws IOException {
        Conversation conversation = client.conversation().system("s").keepWithin(100).start();
        for (int turn = 1; turn <= 7; turn++) {
            // each message has 10 tokens, so that the sixth question, with all before it, would
            // have 120
            for (int i = 0; i < (turn == 6 ? 3 : 1); i++) {
                server.answer(ConversationTest::count);
            }
            answers("a" + turn);
            conversation.ask("q" + turn);
        }

        List<List<String>> asked = new ArrayList<>();
        for (int i = 0; i < server.requests().size(); i++) {
            if (server.requests().get(i).path().equals("/v1/chat/completions")) {
                asked.add(said(i));
            }
        }
        assertEquals(List.of("system s", "user q1", "assistant a1", "user q2"), asked.get(1));
        assertEquals(
                List.of(
                        "system s",
                        "user q4",
                        "assistant a4",
                        "user q5",
                        "assistant a5",
                        "user q6"),
                asked.get(5),
                "another turn would be more than 75 tokens");
        assertEquals("user q4", asked.get(6).get(1), "it begins as before, for the server's cache");
        assertEquals(7, conversation.numTurns(), "it is all in the history");
    }

    private static void count(LoopbackServer.Request request, LoopbackServer.Wire wire)
            throws IOException {
        int numMessages = Json.MAPPER.readTree(request.body()).get("messages").size();
        wire.send(200, "{\"prompt_tokens\":%d,\"max_model_len\":4096}".formatted(10 * numMessages));
    }

    @Test
    void tools_are_called_and_their_results_told() throws IOException {
        List<Sum> called = new ArrayList<>();
        Tool<Sum> add =
                Tool.of(
                        "add",
                        "Adds.",
                        Sum.class,
                        sum -> {
                            called.add(sum);
                            return sum.a() + sum.b();
                        });
        server.answer(200, calls("add", "{\\\"a\\\":1,\\\"b\\\":2}"))
                .answer(200, calls("subtract", "{}"))
                .answer(200, calls("add", "{\\\"a\\\":\\\"x\\\"}"));
        answers("three");
        Conversation conversation =
                client.conversation().tool(add).field("tool_choice", "required").start();

        assertEquals("three", conversation.ask("1 + 2?"));

        assertEquals(List.of(new Sum(1, 2)), called);
        JsonNode first = body(0);
        assertEquals("required", first.get("tool_choice").textValue());
        assertEquals("add", first.at("/tools/0/function/name").textValue());
        assertTrue(first.at("/tools/0/function/strict").booleanValue());
        JsonNode last = body(3);
        assertTrue(last.path("tool_choice").isMissingNode(), "else it could never answer");
        assertEquals("call_1", last.at("/messages/2/tool_call_id").textValue());
        assertEquals("3", last.at("/messages/2/content").textValue());
        assertEquals(
                "Error: there is no tool subtract; there are add",
                last.at("/messages/4/content").textValue());
        assertTrue(last.at("/messages/6/content").textValue().startsWith("Error: "));
        assertEquals(8, conversation.history().size());
        assertEquals(1, conversation.numTurns());
    }

    @Test
    void tools_are_not_called_for_ever() {
        for (int i = 0; i < 3; i++) {
            server.answer(200, calls("add", "{\\\"a\\\":1,\\\"b\\\":2}"));
        }
        Tool<Sum> add = Tool.of("add", "Adds.", Sum.class, Sum::a);

        assertThrows(
                ToolRoundsExceededException.class,
                () -> client.chat(ChatCompletionRequest.of("?"), List.of(add), 2));

        assertEquals(3, server.requests().size());
    }

    @Test
    void an_answer_becomes_a_record_or_says_why_not() throws IOException {
        Conversation conversation = client.conversation().start();
        answers("{\"a\": 1, \"b\": 2}");

        assertEquals(new Sum(1, 2), conversation.chat(Sum.class, "?").value());
        assertEquals("json_schema", body(0).at("/response_format/type").textValue());
        assertTrue(body(0).at("/response_format/json_schema/strict").booleanValue());

        server.answer(200, LoopbackServer.answerOf("{\"a\": 1").replace("stop", "length"));
        assertEquals(
                "{\"a\": 1",
                assertThrows(
                                TruncatedAnswerException.class,
                                () -> conversation.chat(Sum.class, "?"))
                        .partialText());
        answers("none");
        assertThrows(InvalidAnswerException.class, () -> conversation.chat(Sum.class, "?"));
        server.answer(
                200,
                LoopbackServer.answerOf("")
                        .replace("\"content\"", "\"refusal\":\"no\",\"content\""));
        assertEquals(
                "no",
                assertThrows(RefusedAnswerException.class, () -> conversation.chat(Sum.class, "?"))
                        .getMessage());
        assertEquals(1, conversation.numTurns());
    }

    private static String calls(String name, String arguments) {
        return ("{\"choices\":[{\"index\":0,\"finish_reason\":\"tool_calls\",\"message\":{\"role\":\"assistant\","
                        + "\"content\":null,\"tool_calls\":[{\"id\":\"call_1\",\"type\":\"function\","
                        + "\"function\":{\"name\":\"%s\",\"arguments\":\"%s\"}}]}}]}")
                .formatted(name, arguments);
    }

    private void answers(String... texts) {
        for (String text : texts) {
            server.answer(200, LoopbackServer.answerOf(text));
        }
    }

    private JsonNode body(int request) throws IOException {
        return Json.MAPPER.readTree(server.requests().get(request).body());
    }

    /// Role and text of each message of a request.
    private List<String> said(int request) throws IOException {
        List<String> said = new ArrayList<>();
        body(request)
                .get("messages")
                .forEach(message ->
                        said.add(
                                message.get("role").textValue()
                                        + " "
                                        + message.get("content").textValue()));
        return said;
    }
}
