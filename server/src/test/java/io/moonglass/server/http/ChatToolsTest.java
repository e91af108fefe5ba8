package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.GenerationEvent.TextDelta;
import io.moonglass.runtime.GenerationEvent.ToolArgumentsDelta;
import io.moonglass.runtime.GenerationEvent.ToolCallBegun;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.TokenScore;
import io.moonglass.runtime.ToolUse;
import io.moonglass.runtime.ToolUse.Choice;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a chat completion asks for beyond text, as it reaches the model, and how that is answered.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChatToolsTest {

    private static final String TOOLS =
            """
            "tools": [
              {"type": "function", "function": {"name": "add", "description": "adds",
               "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}, "strict": true}},
              {"type": "function", "function": {"name": "get_time"}}]\
            """;

    private final RunningServer server = new RunningServer();

    @BeforeEach
    void answerWithHello() {
        server.model.script = ScriptedModel::hello;
    }

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    void tools_reach_the_model_as_they_are() {
        ask(TOOLS);

        ToolUse tools = server.model.lastRequest().tools();
        assertEquals(
                List.of("add", "get_time"), tools.tools().stream().map(t -> t.name()).toList());
        assertEquals("adds", tools.tools().getFirst().description().orElseThrow());
        assertTrue(tools.tools().getFirst().strict());
        assertEquals(
                "object",
                tools.tools().getFirst().parameters().orElseThrow().get("type").textValue());
        assertEquals("tools[0].function.parameters", tools.tools().getFirst().param());
        assertTrue(tools.tools().getLast().parameters().isEmpty());
        assertEquals(new Choice.Auto(), tools.choice());
        assertTrue(tools.parallel());
    }

    @Test
    void where_only_some_tools_are_allowed_the_model_is_told_of_these_alone() {
        ask(
                TOOLS
                        + ", \"tool_choice\": {\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"auto\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"add\"}}]}}");

        ToolUse tools = server.model.lastRequest().tools();
        assertEquals(List.of("add"), tools.tools().stream().map(tool -> tool.name()).toList());
        assertEquals(new Choice.Auto(), tools.choice());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"none\" | Never[]",
                "\"auto\" | Auto[]",
                "\"required\" | Required[names=[add, get_time]]",
                "{\"type\":\"function\",\"function\":{\"name\":\"add\"}} | Required[names=[add]]",
                "{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"required\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"add\"}}]}} | Required[names=[add]]",
            })
    void a_choice_of_tools_reaches_the_model(String choice, String wanted) {
        ask(TOOLS + ", \"tool_choice\": " + choice + ", \"parallel_tool_calls\": false");

        assertEquals(wanted, server.model.lastRequest().tools().choice().toString());
        assertFalse(server.model.lastRequest().tools().parallel());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "tool_choice | \"tool_choice\": \"required\"",
                "tool_choice | \"tool_choice\": \"sometimes\", \"tools\": [{\"type\":\"function\",\"function\":{\"name\":\"a\"}}]",
                "tool_choice.function.name | \"tool_choice\": {\"type\":\"function\",\"function\":{\"name\":\"b\"}}, \"tools\": [{\"type\":\"function\",\"function\":{\"name\":\"a\"}}]",
                "tools[0].type | \"tools\": [{\"type\":\"retrieval\"}]",
                "tools[0].function.name | \"tools\": [{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]",
                "tools[0].function.parameters | \"tools\": [{\"type\":\"function\",\"function\":{\"name\":\"a\",\"parameters\":[]}}]",
                "tools | \"tools\": [{\"type\":\"function\",\"function\":{\"name\":\"a\"}},{\"type\":\"function\",\"function\":{\"name\":\"a\"}}]",
                "response_format.type | \"response_format\": {\"type\":\"xml\"}",
                "response_format.json_schema.schema | \"response_format\": {\"type\":\"json_schema\",\"json_schema\":{\"schema\":[]}}",
                "response_format | \"response_format\": {\"type\":\"json_object\"}, \"regex\": \"a\"",
                "choice | \"choice\": []",
                "choice | \"choice\": [\"\"]",
                "logit_bias | \"logit_bias\": {\"a\": 1}",
                "logit_bias | \"logit_bias\": {\"1\": 101}",
                "logit_bias.1 | \"logit_bias\": {\"1\": \"x\"}",
                "stop_token_ids | \"stop_token_ids\": [-1]",
                "allowed_token_ids | \"allowed_token_ids\": [\"a\"]",
                "bad_words | \"bad_words\": [\"\"]",
                "top_logprobs | \"logprobs\": true, \"top_logprobs\": 21",
                "top_logprobs | \"top_logprobs\": 1",
                "prompt_logprobs | \"prompt_logprobs\": 100000",
                "reasoning_effort | \"reasoning_effort\": \"very\"",
                "thinking_token_budget | \"thinking_token_budget\": -1",
                "chat_template_kwargs.loop | \"chat_template_kwargs\": {\"loop\": 1000000}",
                "max_pixels | \"max_pixels\": 783",
                "min_tokens | \"min_tokens\": -1",
                "n | \"n\": 0",
                "n | \"n\": -1",
                "n | \"n\": 1000000",
                "n | \"n\": 18446744073709551616",
            })
    void a_field_at_fault_is_named(String param, String fields) {
        HttpResponse<String> response = ask(fields);

        assertEquals(400, response.statusCode(), response.body());
        assertEquals(param, json(response.body()).at("/error/param").textValue());
        assertEquals(200, ask("\"n\": 1").statusCode(), "a good request after it");
    }

    @Test
    void a_call_is_told_whole() {
        callsAdd();

        JsonNode choice = json(ask(TOOLS).body()).at("/choices/0");

        assertEquals("tool_calls", choice.get("finish_reason").textValue());
        assertTrue(choice.at("/message/content").isNull());
        JsonNode call = choice.at("/message/tool_calls/0");
        assertEquals("call_1", call.get("id").textValue());
        assertEquals("function", call.get("type").textValue());
        assertEquals("add", call.at("/function/name").textValue());
        assertEquals("{\"a\": 1}", call.at("/function/arguments").textValue());
    }

    @Test
    void a_call_is_streamed_by_its_index_with_its_name_once() {
        callsAdd();

        List<JsonNode> chunks = chunks(ask("\"stream\": true, " + TOOLS).body());

        JsonNode begun = chunks.get(1).at("/choices/0/delta/tool_calls/0");
        assertEquals(0, begun.get("index").intValue());
        assertEquals("call_1", begun.get("id").textValue());
        assertEquals("add", begun.at("/function/name").textValue());
        JsonNode more = chunks.get(2).at("/choices/0/delta/tool_calls/0");
        assertEquals("{\"a\"", more.at("/function/arguments").textValue());
        assertFalse(more.has("id"));
        assertEquals("tool_calls", chunks.getLast().at("/choices/0/finish_reason").textValue());
    }

    @Test
    void an_older_client_gets_a_function_call() {
        callsAdd();

        JsonNode choice = json(ask("\"functions\": [{\"name\": \"add\"}]").body()).at("/choices/0");

        assertEquals("function_call", choice.get("finish_reason").textValue());
        assertEquals("add", choice.at("/message/function_call/name").textValue());
        assertFalse(server.model.lastRequest().tools().parallel());
    }

    @Test
    void calls_and_results_of_earlier_turns_reach_the_model() {
        HttpResponse<String> response =
                server.chat(
                        """
                        {"messages": [
                          {"role": "user", "content": "what is it?"},
                          {"role": "assistant", "content": null, "tool_calls": [
                            {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]},
                          {"role": "tool", "tool_call_id": "c1", "content": [
                            {"type": "text", "text": "see"},
                            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA", "detail": "low"}}]}]}
                        """);

        assertEquals(200, response.statusCode(), response.body());
        List<Message> messages = server.model.lastRequest().messages();
        assertEquals("look", messages.get(1).toolCalls().getFirst().name());
        assertEquals(List.of(), messages.get(1).content());
        assertEquals(Role.TOOL, messages.get(2).role());
        assertEquals("look", messages.get(2).tool().orElseThrow());
        assertEquals(
                ContentPart.Picture.at(
                        "data:image/png;base64,AA",
                        OptionalLong.of(448 * 448),
                        "messages[2].content[1].image_url.url"),
                messages.get(2).content().get(1));
    }

    @Test
    void formats_reach_the_model() {
        ask(
                "\"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"x\", \"schema\": {\"type\": \"object\"}}}");
        assertEquals(
                "JsonSchema[schema={\"type\":\"object\"}, param=response_format.json_schema.schema]",
                format().toString());
        ask("\"response_format\": {\"type\": \"json_object\"}");
        assertEquals(new AnswerFormat.JsonObject(), format());
        ask("\"guided_regex\": \"a+\"");
        assertEquals(new AnswerFormat.Regex("a+", "guided_regex"), format());
        ask("\"structured_outputs\": {\"choice\": [\"a\", \"b\"]}");
        assertEquals(
                new AnswerFormat.Choice(List.of("a", "b"), "structured_outputs.choice"), format());
        ask("\"grammar\": \"root ::= [a-z]\"");
        assertEquals(new AnswerFormat.Gbnf("root ::= [a-z]", "grammar"), format());
    }

    @Test
    void limits_of_tokens_and_thinking_reach_the_model() {
        ask(
                """
                "logit_bias": {"5": -100, "6": 1.5}, "min_tokens": 2, "stop_token_ids": [7], "allowed_token_ids": [8, 9],
                "bad_words": ["no"], "reasoning_effort": "minimal", "prompt_logprobs": 0, "max_pixels": 100000,
                "logprobs": true, "top_logprobs": 2
                """);

        var answer = server.model.lastRequest().answer();
        assertEquals(-100f, answer.sampling().logitBias().get(5));
        assertEquals(2, answer.sampling().minTokens());
        assertEquals("[7]", answer.stopTokenIds().toString());
        assertEquals(2, answer.allowedTokenIds().size());
        assertEquals(List.of("no"), answer.badWords());
        assertEquals(OptionalInt.of(512), answer.reasoningTokens());
        assertEquals(OptionalInt.of(0), answer.scoring().prompt());
        assertEquals(OptionalInt.of(2), answer.scoring().answer());
    }

    @Test
    void scores_of_tokens_are_told_with_their_bytes() {
        TokenScore other = new TokenScore(4, new byte[] {(byte) 0xc3}, -2, 2, List.of());
        server.model.script =
                (_, events, _) -> {
                    TokenScore score = new TokenScore(3, "a".getBytes(), -0.5f, 1, List.of(other));
                    events.accept(new TextDelta("a", List.of(score)));
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };

        JsonNode token =
                json(ask("\"logprobs\": true, \"top_logprobs\": 1").body())
                        .at("/choices/0/logprobs/content/0");

        assertEquals("a", token.get("token").textValue());
        assertEquals(-0.5, token.get("logprob").doubleValue());
        assertEquals("[97]", token.get("bytes").toString());
        JsonNode likely = token.at("/top_logprobs/0");
        assertEquals("\uFFFD", likely.get("token").textValue());
        assertEquals("[195]", likely.get("bytes").toString());
    }

    @Test
    void pictures_are_told_as_the_model_saw_them() {
        JsonNode images = json(ask("\"n\": 1").body()).get("images");

        assertEquals("[{\"width\":56,\"height\":56,\"tokens\":4}]", images.toString());
    }

    private AnswerFormat format() {
        return server.model.lastRequest().answer().format();
    }

    private void callsAdd() {
        server.model.script =
                (_, events, _) -> {
                    events.accept(new ToolCallBegun(0, "call_1", "add"));
                    events.accept(new ToolArgumentsDelta(0, "{\"a\""));
                    events.accept(new ToolArgumentsDelta(0, ": 1}"));
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };
    }

    private HttpResponse<String> ask(String fields) {
        return server.chat(
                "{" + fields + ", \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}");
    }

    private static List<JsonNode> chunks(String stream) {
        return stream.lines()
                .filter(line -> line.startsWith("data: {"))
                .map(line -> json(line.substring("data: ".length())))
                .toList();
    }
}
