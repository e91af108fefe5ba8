package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.TokenScore;
import io.moonglass.runtime.ToolCall;
import io.moonglass.runtime.ToolUse;
import io.moonglass.runtime.wire.ReasoningReader;
import io.moonglass.runtime.wire.RequestFields;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ResponsesTest {

    private static final String TOOLS =
            """
            "tools": [{"type": "function", "name": "weather", "description": "of a place", "strict": true,
                       "parameters": {"type": "object", "properties": {"place": {"type": "string"}}}},
                      {"type": "function", "name": "time"}]
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
    void a_string_is_answered_with_a_whole_response_object() {
        JsonNode response = answer("{\"input\": \"hi\", \"model\": \"tiny/model\"}");

        assertTrue(response.get("id").textValue().matches("resp_[0-9a-f]{32}"));
        assertEquals("response", response.get("object").textValue());
        assertEquals("completed", response.get("status").textValue());
        assertEquals("tiny/model", response.get("model").textValue());
        assertTrue(response.get("created_at").longValue() > 1_700_000_000L);
        assertTrue(response.get("completed_at").longValue() > 1_700_000_000L);
        assertTrue(response.get("error").isNull());
        assertTrue(response.get("incomplete_details").isNull());
        JsonNode message = response.get("output").get(0);
        assertEquals(1, response.get("output").size());
        assertEquals("message", message.get("type").textValue());
        assertEquals("assistant", message.get("role").textValue());
        assertEquals("completed", message.get("status").textValue());
        assertEquals(
                json(
                        """
                        [{"type": "output_text", "text": "Good day ☾", "annotations": [], "logprobs": []}]
                        """),
                message.get("content"));
        assertEquals(
                json(
                        """
                        {"input_tokens": 11,
                         "input_tokens_details":
                             {"cached_tokens": 0, "cache_write_tokens": 0, "image_tokens": 4, "video_tokens": 0},
                         "output_tokens": 3, "output_tokens_details": {"reasoning_tokens": 1},
                         "total_tokens": 14}
                        """),
                response.get("usage"));
        assertEquals(List.of(Message.text(Role.USER, "hi")), server.model.lastRequest().messages());
    }

    @Test
    void a_silent_request_is_told_what_was_meant() {
        JsonNode response = answer("{\"input\": \"hi\"}");

        assertEquals(
                json(
                        """
                        {"background": false, "instructions": null, "max_output_tokens": null,
                         "max_tool_calls": null, "metadata": {}, "parallel_tool_calls": true,
                         "previous_response_id": null, "prompt_cache_key": null,
                         "reasoning": {"effort": null, "summary": null}, "safety_identifier": null,
                         "service_tier": "default", "store": false, "temperature": 0.25,
                         "text": {"format": {"type": "text"}, "verbosity": "medium"},
                         "tool_choice": "auto", "tools": [], "top_logprobs": 0, "top_p": 1.0,
                         "truncation": "disabled"}
                        """),
                only(
                        response,
                        "background",
                        "instructions",
                        "max_output_tokens",
                        "max_tool_calls",
                        "metadata",
                        "parallel_tool_calls",
                        "previous_response_id",
                        "prompt_cache_key",
                        "reasoning",
                        "safety_identifier",
                        "service_tier",
                        "store",
                        "temperature",
                        "text",
                        "tool_choice",
                        "tools",
                        "top_logprobs",
                        "top_p",
                        "truncation"));
    }

    @Test
    void what_was_asked_for_is_obeyed_and_told_again() {
        JsonNode response =
                answer(
                        """
                        {"input": "hi", "instructions": "be brief", "max_output_tokens": 9,
                         "temperature": 0.5, "top_p": 0.9, "seed": 7, "stop": ["."], "top_k": 3,
                         "metadata": {"a": "b"}, "user": "u", "service_tier": "flex",
                         "prompt_cache_key": "k", "safety_identifier": "s", "max_tool_calls": 2,
                         "parallel_tool_calls": false, "cache_salt": "salt", "priority": 4,
                         "reasoning": {"effort": "minimal"}, "text": {"verbosity": "low"},
                         "include": ["reasoning.encrypted_content"], "stream_options": {}}
                        """);

        AnswerOptions asked = server.model.lastRequest().answer();
        assertEquals(OptionalInt.of(9), asked.maxTokens());
        assertEquals(0.5, asked.sampling().temperature());
        assertEquals(0.9, asked.sampling().topP());
        assertEquals(7, asked.sampling().seed());
        assertEquals(3, asked.sampling().topK());
        assertEquals(List.of("."), asked.stop());
        assertEquals(
                ReasoningReader.ofEffort(effort("minimal"), "effort"), asked.reasoningTokens());
        assertEquals("salt", server.model.lastRequest().scope().cacheSalt());
        assertEquals(4, server.model.lastRequest().scope().priority());
        assertEquals(
                List.of(Message.text(Role.SYSTEM, "be brief"), Message.text(Role.USER, "hi")),
                server.model.lastRequest().messages());
        assertEquals("be brief", response.get("instructions").textValue());
        assertEquals(9, response.get("max_output_tokens").intValue());
        assertEquals(json("{\"a\": \"b\"}"), response.get("metadata"));
        assertEquals("u", response.get("user").textValue());
        assertEquals("k", response.get("prompt_cache_key").textValue());
        assertEquals("s", response.get("safety_identifier").textValue());
        assertEquals(2, response.get("max_tool_calls").intValue());
        assertFalse(response.get("parallel_tool_calls").booleanValue());
        assertEquals("minimal", response.get("reasoning").get("effort").textValue());
        assertEquals("low", response.get("text").get("verbosity").textValue());
    }

    @Test
    void items_become_turns_in_their_order() {
        answer(
                """
                {"input": [
                  {"role": "developer", "content": "be brief"},
                  {"type": "message", "role": "user", "content": [
                     {"type": "input_text", "text": "what is this?"},
                     {"type": "input_image", "detail": "low", "image_url": "data:image/png;base64,AAAA"}]},
                  {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]},
                  {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed",
                   "content": [{"type": "output_text", "text": "wait", "annotations": []}]},
                  {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{\\"place\\": 1}"},
                  {"type": "function_call", "call_id": "c2", "name": "time", "arguments": "{}"},
                  {"type": "function_call_output", "call_id": "c2", "output": "noon"},
                  {"type": "function_call_output", "call_id": "c1", "output": [
                     {"type": "input_text", "text": "see"},
                     {"type": "input_image", "image_url": "data:image/png;base64,BBBB"}]},
                  {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
                  {"role": "user", "content": "go on"}]}
                """);

        assertEquals(
                List.of(
                        Message.text(Role.SYSTEM, "be brief"),
                        new Message(
                                Role.USER,
                                List.of(
                                        new ContentPart.Text("what is this?"),
                                        ContentPart.Picture.at(
                                                "data:image/png;base64,AAAA",
                                                OptionalLong.of(448 * 448),
                                                "input[1].content[1].image_url"))),
                        new Message(
                                Role.ASSISTANT,
                                List.of(new ContentPart.Text("wait")),
                                List.of(
                                        new ToolCall("c1", "weather", "{\"place\": 1}"),
                                        new ToolCall("c2", "time", "{}")),
                                Optional.empty()),
                        Message.toolResult("time", List.of(new ContentPart.Text("noon"))),
                        Message.toolResult(
                                "weather",
                                List.of(
                                        new ContentPart.Text("see"),
                                        ContentPart.Picture.at(
                                                "data:image/png;base64,BBBB",
                                                OptionalLong.empty(),
                                                "input[7].output[1].image_url"))),
                        Message.text(Role.ASSISTANT, "no"),
                        Message.text(Role.USER, "go on")),
                server.model.lastRequest().messages());
    }

    @Test
    void an_answer_that_a_limit_cut_is_incomplete() {
        server.model.script =
                (_, events, _) -> {
                    events.accept(new GenerationEvent.TextDelta("Go"));
                    events.accept(ScriptedModel.finished(FinishReason.LENGTH));
                };

        JsonNode response = answer("{\"input\": \"hi\"}");

        assertEquals("incomplete", response.get("status").textValue());
        assertEquals(
                json("{\"reason\": \"max_output_tokens\"}"), response.get("incomplete_details"));
        assertEquals("incomplete", response.get("output").get(0).get("status").textValue());
        assertTrue(response.get("completed_at").isNull());
    }

    @Test
    void reasoning_is_an_item_before_the_message() {
        server.model.script = ResponsesTest::think;

        JsonNode output = answer("{\"input\": \"hi\"}").get("output");

        assertEquals("reasoning", output.get(0).get("type").textValue());
        assertEquals(
                json("[{\"type\": \"reasoning_text\", \"text\": \"hm, well\"}]"),
                output.get(0).get("content"));
        assertEquals(json("[]"), output.get(0).get("summary"));
        assertEquals("message", output.get(1).get("type").textValue());
    }

    @Test
    void where_a_summary_is_wanted_the_reasoning_is_its_own() {
        server.model.script = ResponsesTest::think;

        JsonNode reasoning =
                answer("{\"input\": \"hi\", \"reasoning\": {\"summary\": \"auto\"}}")
                        .get("output")
                        .get(0);

        assertEquals(
                json("[{\"type\": \"summary_text\", \"text\": \"hm, well\"}]"),
                reasoning.get("summary"));
        assertEquals(json("[]"), reasoning.get("content"));
    }

    @Test
    void calls_of_tools_are_items() {
        server.model.script = ResponsesTest::callTools;

        JsonNode response = answer("{\"input\": \"hi\", %s}".formatted(TOOLS));

        JsonNode call = response.get("output").get(0);
        assertEquals(2, response.get("output").size());
        assertTrue(call.get("id").textValue().startsWith("fc_"));
        assertEquals(
                json(
                        """
                        {"type": "function_call", "call_id": "call_a", "name": "weather",
                         "arguments": "{\\"place\\":\\"x\\"}", "status": "completed"}
                        """),
                only(call, "type", "call_id", "name", "arguments", "status"));
        assertEquals("call_b", response.get("output").get(1).get("call_id").textValue());
        assertEquals("time", response.get("tools").get(1).get("name").textValue());
        assertTrue(response.get("tools").get(0).get("strict").booleanValue());
    }

    @Test
    void each_choice_of_tools_reaches_the_model() {
        assertInstanceOf(ToolUse.Choice.Auto.class, toolsOf("\"auto\"").choice());
        assertInstanceOf(ToolUse.Choice.Never.class, toolsOf("\"none\"").choice());
        assertEquals(
                new ToolUse.Choice.Required(List.of("weather", "time")),
                toolsOf("\"required\"").choice());
        assertEquals(
                new ToolUse.Choice.Required(List.of("time")),
                toolsOf("{\"type\": \"function\", \"name\": \"time\"}").choice());
        assertEquals(new ToolUse.Choice.Required(List.of("time")), allowed("required").choice());
    }

    @Test
    void where_only_some_tools_are_allowed_the_model_is_told_of_these_alone() {
        ToolUse tools = allowed("auto");

        assertInstanceOf(ToolUse.Choice.Auto.class, tools.choice());
        assertEquals(List.of("time"), tools.tools().stream().map(tool -> tool.name()).toList());
    }

    @Test
    void a_format_of_the_answer_reaches_the_model() {
        assertInstanceOf(AnswerFormat.JsonObject.class, formatOf("{\"type\": \"json_object\"}"));
        assertEquals(
                new AnswerFormat.JsonSchema(json("{\"type\": \"object\"}"), "text.format.schema"),
                formatOf(
                        """
                        {"type": "json_schema", "name": "n", "strict": true, "schema": {"type": "object"}}
                        """));
    }

    @Test
    void a_format_of_other_servers_holds_where_the_dialects_own_is_plain_text() {
        answer(
                "{\"input\": \"hi\", \"text\": {\"format\": {\"type\": \"text\"}}, \"regex\": \"a+\"}");

        assertEquals(
                new AnswerFormat.Regex("a+", "regex"),
                server.model.lastRequest().answer().format());
    }

    @Test
    void the_token_limit_of_other_dialects_holds() {
        answer("{\"input\": \"hi\", \"max_tokens\": 7}");

        assertEquals(OptionalInt.of(7), server.model.lastRequest().answer().maxTokens());
    }

    @Test
    void log_probabilities_come_with_the_text_where_they_are_wanted() {
        server.model.script =
                (_, events, _) -> {
                    events.accept(new GenerationEvent.TextDelta("☾", List.of(score("☾"))));
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };

        JsonNode response =
                answer(
                        """
                        {"input": "hi", "top_logprobs": 1, "include": ["message.output_text.logprobs"]}
                        """);

        assertEquals(OptionalInt.of(1), server.model.lastRequest().answer().scoring().answer());
        assertEquals(
                json(
                        """
                        [{"token": "☾", "logprob": -0.5, "bytes": [226, 152, 190],
                          "top_logprobs": [{"token": "a", "logprob": -0.5, "bytes": [97]}]}]
                        """),
                response.get("output").get(0).get("content").get(0).get("logprobs"));
    }

    @Test
    void the_pictures_are_told_as_the_model_saw_them() {
        JsonNode response = answer("{\"input\": \"hi\"}");

        assertEquals(56, response.get("images").get(0).get("width").intValue());
    }

    @Test
    void tokens_are_counted_without_an_answer() {
        JsonNode count =
                json(server.post("/v1/responses/input_tokens", "{\"input\": \"hi\"}").body());

        assertEquals(json("{\"object\": \"response.input_tokens\", \"input_tokens\": 11}"), count);
    }

    @Test
    void as_few_old_turns_as_possible_are_left_out_where_that_was_asked_for() {
        server.model.size =
                prompt -> ((Prompt.Conversation) prompt).messages().size() > 4 ? 4_000 : 100;
        String body =
                """
                {"instructions": "sys", %s "input": [
                  {"role": "user", "content": "1"}, {"role": "assistant", "content": "a1"},
                  {"role": "user", "content": "2"}, {"role": "assistant", "content": "a2"},
                  {"role": "user", "content": "3"}, {"role": "assistant", "content": "a3"},
                  {"role": "user", "content": "4"}]}
                """;
        try {
            answer(body.formatted(""));
            assertEquals(8, server.model.lastRequest().messages().size());

            JsonNode response = answer(body.formatted("\"truncation\": \"auto\","));

            assertEquals("auto", response.get("truncation").textValue());
            assertEquals(
                    List.of(
                            Message.text(Role.SYSTEM, "sys"),
                            Message.text(Role.USER, "3"),
                            Message.text(Role.ASSISTANT, "a3"),
                            Message.text(Role.USER, "4")),
                    server.model.lastRequest().messages());
        } finally {
            server.model.size = _ -> ScriptedModel.SIZE.tokens();
        }
    }

    private static TokenScore score(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        TokenScore top = new TokenScore(1, new byte[] {'a'}, -0.5f, 1, List.of());
        return new TokenScore(2, bytes, -0.5f, 1, List.of(top));
    }

    static void think(
            ChatRequest request, Consumer<GenerationEvent> events, CountDownLatch cancelled) {
        events.accept(new GenerationEvent.ReasoningDelta("hm, "));
        events.accept(new GenerationEvent.ReasoningDelta("well"));
        events.accept(new GenerationEvent.TextDelta("yes"));
        events.accept(ScriptedModel.finished(FinishReason.STOP));
    }

    static void callTools(
            ChatRequest request, Consumer<GenerationEvent> events, CountDownLatch cancelled) {
        events.accept(new GenerationEvent.ToolCallBegun(0, "call_a", "weather"));
        events.accept(new GenerationEvent.ToolArgumentsDelta(0, "{\"place\":"));
        events.accept(new GenerationEvent.ToolArgumentsDelta(0, "\"x\"}"));
        events.accept(new GenerationEvent.ToolCallBegun(1, "call_b", "time"));
        events.accept(new GenerationEvent.ToolArgumentsDelta(1, "{}"));
        events.accept(ScriptedModel.finished(FinishReason.STOP));
    }

    private static ToolUse toolsOf(String choice) {
        answer("{\"input\": \"hi\", %s, \"tool_choice\": %s}".formatted(TOOLS, choice));
        return server.model.lastRequest().tools();
    }

    private static ToolUse allowed(String mode) {
        return toolsOf(
                """
                {"type": "allowed_tools", "mode": "%s", "tools": [{"type": "function", "name": "time"}]}
                """
                        .formatted(mode));
    }

    private static AnswerFormat formatOf(String format) {
        answer("{\"input\": \"hi\", \"text\": {\"format\": %s}}".formatted(format));
        return server.model.lastRequest().answer().format();
    }

    private static RequestFields effort(String effort) {
        return RequestFields.of("", json("{\"effort\": \"%s\"}".formatted(effort)));
    }

    private static JsonNode only(JsonNode object, String... keys) {
        return ((ObjectNode) object.deepCopy()).retain(keys);
    }

    private static JsonNode answer(String body) {
        return json(server.post("/v1/responses", body).body());
    }
}
