package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.ToolCall;
import io.moonglass.runtime.ToolUse;
import io.moonglass.runtime.Usage;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnthropicMessagesTest {

    private static final String HI = "\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]";
    private static final String TOOLS =
            """
            "tools": [{"name": "weather", "description": "of a place", "cache_control": {"type": "ephemeral"},
                       "input_schema": {"type": "object", "properties": {"place": {"type": "string"}}}},
                      {"type": "custom", "name": "time", "strict": true, "input_schema": {"type": "object"}}]
            """;

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = new RunningServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void freshScript() {
        server.model.script = ScriptedModel::hello;
    }

    @Test
    void a_message_is_answered_with_a_message() {
        HttpResponse<String> response =
                server.send(
                        server.request("/v1/messages")
                                .header("anthropic-version", "2023-06-01")
                                .header("x-api-key", "any")
                                .POST(BodyPublishers.ofString(body(""))));

        JsonNode message = json(response.body());
        assertEquals(200, response.statusCode());
        assertTrue(message.get("id").textValue().startsWith("msg_"));
        assertEquals("message", message.get("type").textValue());
        assertEquals("assistant", message.get("role").textValue());
        assertEquals("tiny/model", message.get("model").textValue());
        assertEquals(
                json("[{\"type\": \"text\", \"text\": \"Good day ☾\", \"citations\": null}]"),
                message.get("content"));
        assertEquals("end_turn", message.get("stop_reason").textValue());
        assertTrue(message.get("stop_sequence").isNull());
        assertEquals(11, message.get("usage").get("input_tokens").intValue());
        assertEquals(3, message.get("usage").get("output_tokens").intValue());
        assertEquals(56, message.get("images").get(0).get("width").intValue());
        assertEquals(
                response.headers().firstValue("X-Request-Id"),
                response.headers().firstValue("request-id"));
        assertEquals(List.of(Message.text(Role.USER, "hi")), server.model.lastRequest().messages());
    }

    @Test
    void what_was_in_the_cache_is_not_counted_as_input_again() {
        server.model.script =
                (_, events, _) ->
                        events.accept(
                                new GenerationEvent.Finished(
                                        FinishReason.STOP,
                                        new Usage(11, 4, 0, 5, 3, 2),
                                        List.of(1)));

        JsonNode usage = answer(body("")).get("usage");

        assertEquals(6, usage.get("input_tokens").intValue());
        assertEquals(5, usage.get("cache_read_input_tokens").intValue());
        assertEquals(0, usage.get("cache_creation_input_tokens").intValue());
        assertEquals(2, usage.get("output_tokens_details").get("thinking_tokens").intValue());
    }

    @Test
    void what_is_asked_for_is_obeyed() {
        answer(
                body(
                        """
                        , "temperature": 0.5, "top_p": 0.9, "top_k": 3, "stop_sequences": ["."], "seed": 7,
                        "metadata": {"user_id": "u"}, "service_tier": "auto", "min_p": 0.1, "priority": 4,
                        "thinking": {"type": "enabled", "budget_tokens": 1024}, "cache_control": {"type": "ephemeral"}
                        """));

        AnswerOptions asked = server.model.lastRequest().answer();
        assertEquals(OptionalInt.of(64), asked.maxTokens());
        assertEquals(0.5, asked.sampling().temperature());
        assertEquals(0.9, asked.sampling().topP());
        assertEquals(3, asked.sampling().topK());
        assertEquals(7, asked.sampling().seed());
        assertEquals(0.1, asked.sampling().minP());
        assertEquals(List.of("."), asked.stop());
        assertEquals(OptionalInt.of(1024), asked.reasoningTokens());
        assertEquals(4, server.model.lastRequest().scope().priority());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"type\": \"disabled\"} | 0",
                "{\"type\": \"adaptive\"} | -1",
                "{\"type\": \"enabled\", \"budget_tokens\": 5} | 5"
            })
    void thinking_has_a_budget(String thinking, int tokens) {
        answer(body(", \"thinking\": " + thinking));

        assertEquals(tokens, server.model.lastRequest().answer().reasoningTokens().orElse(-1));
    }

    @Test
    void blocks_become_turns_in_their_order() {
        answer(
                """
                {"max_tokens": 9, "system": [{"type": "text", "text": "be"}, {"type": "text", "text": " brief"}],
                 "messages": [
                  {"role": "user", "content": [
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                    {"type": "text", "text": "what is this?", "cache_control": {"type": "ephemeral"}}]},
                  {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": "hm", "signature": ""},
                    {"type": "redacted_thinking", "data": "x"},
                    {"type": "text", "text": "wait"},
                    {"type": "tool_use", "id": "t1", "name": "weather", "input": {"place": 1}},
                    {"type": "tool_use", "id": "t2", "name": "time", "input": {}}]},
                  {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": [
                      {"type": "text", "text": "see"},
                      {"type": "image", "source": {"type": "url", "url": "data:image/png;base64,BBBB"}}]},
                    {"type": "tool_result", "tool_use_id": "t2", "is_error": true, "content": "no clock"},
                    {"type": "text", "text": "go on"}]},
                  {"role": "system", "content": "be briefer"},
                  {"role": "user", "content": "well?"}]}
                """);

        assertEquals(
                List.of(
                        new Message(
                                Role.SYSTEM,
                                List.of(
                                        new ContentPart.Text("be"),
                                        new ContentPart.Text(" brief"))),
                        new Message(
                                Role.USER,
                                List.of(
                                        picture("AAAA", "messages[0].content[0].source.data"),
                                        new ContentPart.Text("what is this?"))),
                        new Message(
                                Role.ASSISTANT,
                                List.of(new ContentPart.Text("wait")),
                                List.of(
                                        new ToolCall("t1", "weather", "{\"place\":1}"),
                                        new ToolCall("t2", "time", "{}")),
                                Optional.empty()),
                        Message.toolResult(
                                "weather",
                                List.of(
                                        new ContentPart.Text("see"),
                                        picture(
                                                "BBBB",
                                                "messages[2].content[0].content[1].source.url"))),
                        Message.toolResult(
                                "time",
                                List.of(
                                        new ContentPart.Text("Error: "),
                                        new ContentPart.Text("no clock"))),
                        Message.text(Role.USER, "go on"),
                        Message.text(Role.SYSTEM, "be briefer"),
                        Message.text(Role.USER, "well?")),
                server.model.lastRequest().messages());
    }

    private static ContentPart picture(String base64, String param) {
        return ContentPart.Picture.at(
                "data:image/png;base64," + base64, OptionalLong.empty(), param);
    }

    @Test
    void thinking_and_calls_are_blocks_beside_the_text() {
        server.model.script =
                (_, events, _) -> {
                    events.accept(new GenerationEvent.ReasoningDelta("hm"));
                    events.accept(new GenerationEvent.TextDelta("wait"));
                    events.accept(new GenerationEvent.ToolCallBegun(0, "call_a", "weather"));
                    events.accept(new GenerationEvent.ToolArgumentsDelta(0, "{\"place\":\"x\"}"));
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };

        JsonNode message = answer(body("," + TOOLS));

        assertEquals(
                json(
                        """
                        [{"type": "thinking", "thinking": "hm", "signature": ""},
                         {"type": "text", "text": "wait", "citations": null},
                         {"type": "tool_use", "id": "call_a", "name": "weather", "input": {"place": "x"},
                          "caller": {"type": "direct"}}]
                        """),
                message.get("content"));
        assertEquals("tool_use", message.get("stop_reason").textValue());
    }

    @Test
    void thinking_is_left_out_of_its_block_where_that_was_asked_for() {
        server.model.script = ResponsesTest::think;
        String fields = ", \"thinking\": {\"type\": \"adaptive\", \"display\": \"omitted\"}";

        JsonNode message = answer(body(fields));
        String stream = server.post("/v1/messages", body(fields + ", \"stream\": true")).body();

        assertEquals("", message.at("/content/0/thinking").textValue());
        assertFalse(stream.contains("hm, "));
    }

    @Test
    void a_call_that_the_limit_cut_is_an_object_all_the_same() {
        server.model.script =
                (_, events, _) -> {
                    events.accept(new GenerationEvent.ToolCallBegun(0, "call_a", "weather"));
                    events.accept(new GenerationEvent.ToolArgumentsDelta(0, "{\"pla"));
                    events.accept(ScriptedModel.finished(FinishReason.LENGTH));
                };

        JsonNode message = answer(body("," + TOOLS));

        assertEquals(json("{}"), message.at("/content/0/input"));
        assertEquals("max_tokens", message.get("stop_reason").textValue());
    }

    @Test
    void a_stop_sequence_is_told() {
        server.model.script =
                (_, events, _) ->
                        events.accept(
                                new GenerationEvent.Finished(
                                        FinishReason.STOP,
                                        new Usage(1, 0, 0, 0, 1, 0),
                                        List.of(1),
                                        Optional.of("END")));

        JsonNode message = answer(body(", \"stop_sequences\": [\"END\"]"));

        assertEquals("stop_sequence", message.get("stop_reason").textValue());
        assertEquals("END", message.get("stop_sequence").textValue());
    }

    @Test
    void each_choice_of_tools_reaches_the_model() {
        assertInstanceOf(ToolUse.Choice.Auto.class, toolsOf("{\"type\": \"auto\"}").choice());
        assertInstanceOf(ToolUse.Choice.Never.class, toolsOf("{\"type\": \"none\"}").choice());
        assertEquals(
                new ToolUse.Choice.Required(List.of("weather", "time")),
                toolsOf("{\"type\": \"any\"}").choice());
        assertEquals(
                new ToolUse.Choice.Required(List.of("time")),
                toolsOf("{\"type\": \"tool\", \"name\": \"time\"}").choice());
        assertTrue(toolsOf("{\"type\": \"auto\"}").parallel());
        assertFalse(
                toolsOf("{\"type\": \"auto\", \"disable_parallel_tool_use\": true}").parallel());
        assertTrue(toolsOf("{\"type\": \"auto\"}").tools().get(1).strict());
    }

    private static ToolUse toolsOf(String choice) {
        answer(body("," + TOOLS + ", \"tool_choice\": " + choice));
        return server.model.lastRequest().tools();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"output_config | {\"format\": %s} | .format", "output_format | %s | ''"})
    void a_schema_of_the_answer_reaches_the_model(String field, String value, String path) {
        String format = "{\"type\": \"json_schema\", \"schema\": {\"type\": \"object\"}}";

        answer(body(", \"%s\": %s".formatted(field, value.formatted(format))));

        assertEquals(
                new AnswerFormat.JsonSchema(
                        json("{\"type\": \"object\"}"), field + path + ".schema"),
                server.model.lastRequest().answer().format());
    }

    @Test
    void tokens_are_counted_without_an_answer() {
        HttpResponse<String> response =
                server.post("/v1/messages/count_tokens", "{" + HI + "," + TOOLS + "}");

        assertEquals(json("{\"input_tokens\": 11}"), json(response.body()));
        Prompt.Conversation counted = (Prompt.Conversation) server.model.lastMeasured;
        assertEquals(2, counted.tools().tools().size());
    }

    @Test
    void a_stream_tells_blocks_event_by_event() {
        server.model.script =
                (_, events, _) -> {
                    events.accept(new GenerationEvent.ReasoningDelta("hm"));
                    events.accept(new GenerationEvent.TextDelta("Good "));
                    events.accept(new GenerationEvent.TextDelta("day ☾"));
                    events.accept(new GenerationEvent.ToolCallBegun(0, "call_a", "weather"));
                    events.accept(new GenerationEvent.ToolArgumentsDelta(0, "{\"place\":"));
                    events.accept(new GenerationEvent.ToolArgumentsDelta(0, "\"x\"}"));
                    events.accept(new GenerationEvent.ToolCallBegun(1, "call_b", "time"));
                    events.accept(new GenerationEvent.ToolArgumentsDelta(1, "{}"));
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };

        List<StreamedEvent> events = stream("," + TOOLS);

        assertEquals(
                List.of(
                        "message_start",
                        "content_block_start",
                        "content_block_delta",
                        "content_block_delta",
                        "content_block_stop",
                        "content_block_start",
                        "content_block_delta",
                        "content_block_delta",
                        "content_block_stop",
                        "content_block_start",
                        "content_block_delta",
                        "content_block_delta",
                        "content_block_stop",
                        "content_block_start",
                        "content_block_delta",
                        "content_block_stop",
                        "message_delta",
                        "message_stop"),
                StreamedEvent.names(events));
        JsonNode start = events.get(0).data().get("message");
        assertEquals(11, start.get("usage").get("input_tokens").intValue());
        assertEquals(json("[]"), start.get("content"));
        assertTrue(start.get("stop_reason").isNull());
        assertEquals(
                json(
                        """
                        {"type": "content_block_start", "index": 0,
                         "content_block": {"type": "thinking", "thinking": "", "signature": ""}}
                        """),
                events.get(1).data());
        assertEquals(delta(0, "thinking_delta", "thinking", "hm"), events.get(2).data());
        assertEquals(delta(0, "signature_delta", "signature", ""), events.get(3).data());
        assertEquals(delta(1, "text_delta", "text", "Good "), events.get(6).data());
        assertEquals(json("{}"), events.get(9).data().at("/content_block/input"));
        assertEquals("call_a", events.get(9).data().at("/content_block/id").textValue());
        assertEquals(2, events.get(9).data().get("index").intValue());
        assertEquals("{\"place\":", events.get(10).data().at("/delta/partial_json").textValue());
        JsonNode end = events.get(16).data();
        assertEquals("tool_use", end.at("/delta/stop_reason").textValue());
        assertEquals(3, end.at("/usage/output_tokens").intValue());
        assertEquals(
                StreamedEvent.names(events),
                events.stream().map(event -> event.data().get("type").textValue()).toList());
    }

    @Test
    void a_streams_silence_is_filled_with_events_of_their_own() throws Exception {
        try (RunningServer quick =
                new RunningServer(
                        ServerOptions.DEFAULT
                                .withDrainTimeout(Duration.ZERO)
                                .withPingInterval(Duration.ofMillis(20)))) {
            quick.model.script =
                    (_, events, _) -> {
                        events.accept(new GenerationEvent.TextDelta("a"));
                        Thread.sleep(200);
                        events.accept(ScriptedModel.finished(FinishReason.STOP));
                    };

            String body = quick.post("/v1/messages", body(", \"stream\": true")).body();

            assertTrue(body.contains("event: ping\ndata: {\"type\":\"ping\"}\n\n"), body);
            assertFalse(body.contains(": ping\n\n:"), body);
        }
    }

    @Test
    void a_fault_in_mid_stream_is_an_error_event() {
        server.model.script =
                (_, events, _) -> {
                    events.accept(new GenerationEvent.TextDelta("Go"));
                    events.accept(
                            new GenerationEvent.Failed(new IllegalStateException("secret cause")));
                };

        List<StreamedEvent> events = stream("");

        assertEquals("error", events.getLast().name());
        assertEquals("error", events.getLast().data().get("type").textValue());
        assertEquals("api_error", events.getLast().data().at("/error/type").textValue());
        assertTrue(events.getLast().data().has("request_id"));
        assertFalse(events.toString().contains("secret"));
        assertEquals(
                List.of(0, 0),
                IntStream.of(1, 2)
                        .mapToObj(i -> events.get(i).data().get("index").intValue())
                        .toList());
    }

    private static JsonNode delta(int index, String type, String key, String value) {
        return json(
                """
                {"type": "content_block_delta", "index": %d, "delta": {"type": "%s", "%s": "%s"}}
                """
                        .formatted(index, type, key, value));
    }

    private static List<StreamedEvent> stream(String fields) {
        return StreamedEvent.of(
                server.post("/v1/messages", body(fields + ", \"stream\": true")).body());
    }

    private static String body(String fields) {
        return "{\"model\": \"tiny/model\", \"max_tokens\": 64, " + HI + fields + "}";
    }

    private static JsonNode answer(String body) {
        return json(server.post("/v1/messages", body).body());
    }
}
