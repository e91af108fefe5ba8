package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.GenerationEvent.PromptScored;
import io.moonglass.runtime.GenerationEvent.TextDelta;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.TokenScore;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CompletionsTest {

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
    void a_text_is_gone_on_from() {
        JsonNode completion = json(post("{\"prompt\": \"Once\"}").body());

        assertEquals("text_completion", completion.get("object").textValue());
        assertEquals("Good day ☾", completion.at("/choices/0/text").textValue());
        assertEquals("stop", completion.at("/choices/0/finish_reason").textValue());
        assertEquals(11, completion.at("/usage/prompt_tokens").intValue());
        assertEquals(new Prompt.Text("Once"), server.model.lastRequest().prompt());
        assertEquals(16, server.model.lastRequest().answer().maxTokens().orElseThrow());
    }

    @Test
    void token_ids_are_gone_on_from() {
        post("{\"prompt\": [5, 6], \"max_tokens\": 3}");

        Prompt.Tokens prompt = (Prompt.Tokens) server.model.lastRequest().prompt();
        assertArrayEquals(new int[] {5, 6}, prompt.tokenIds());
    }

    @Test
    void several_prompts_have_answers_of_their_own_and_each_prompt_counts_once() {
        JsonNode completion =
                json(post("{\"prompt\": [\"a\", [1, 2]], \"n\": 2, \"echo\": true}").body());

        assertEquals(
                List.of(
                        "aGood day ☾",
                        "aGood day ☾",
                        "\u0001\u0002Good day ☾",
                        "\u0001\u0002Good day ☾"),
                completion.findValuesAsText("text"));
        assertEquals(22, completion.at("/usage/prompt_tokens").intValue());
        assertEquals(12, completion.at("/usage/completion_tokens").intValue());
    }

    @Test
    void an_echoed_prompt_is_scored_too() {
        server.model.script =
                (_, events, _) -> {
                    events.accept(
                            new PromptScored(List.of(Optional.empty(), Optional.of(score("b")))));
                    events.accept(new TextDelta("c", List.of(score("c"))));
                    events.accept(ScriptedModel.finished(FinishReason.LENGTH));
                };
        String body = "{\"prompt\": \"ab\", \"echo\": true, \"logprobs\": 1, \"max_tokens\": 1}";

        JsonNode choice = json(post(body).body()).at("/choices/0");

        assertEquals("abc", choice.get("text").textValue());
        assertEquals("[\"a\",\"b\",\"c\"]", choice.at("/logprobs/tokens").toString());
        assertEquals("[null,-1.0,-1.0]", choice.at("/logprobs/token_logprobs").toString());
        assertEquals("[0,1,2]", choice.at("/logprobs/text_offset").toString());
        assertEquals(1, server.model.lastRequest().answer().scoring().prompt().orElseThrow());
    }

    @Test
    void a_stream_ends_with_usage_and_the_mark() {
        HttpResponse<String> response =
                post(
                        "{\"prompt\": \"a\", \"stream\": true, \"echo\": true, \"stream_options\": {\"include_usage\": true}}");

        List<JsonNode> chunks =
                response.body()
                        .lines()
                        .filter(line -> line.startsWith("data: {"))
                        .map(line -> json(line.substring("data: ".length())))
                        .toList();
        assertEquals("a", chunks.getFirst().at("/choices/0/text").textValue());
        assertEquals("Good ", chunks.get(1).at("/choices/0/text").textValue());
        assertEquals(11, chunks.getLast().at("/usage/prompt_tokens").intValue());
        assertTrue(response.body().endsWith("data: [DONE]\n\n"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "400 | prompt | {}",
                "400 | prompt | {\"prompt\": []}",
                "400 | prompt | {\"prompt\": {}}",
                "400 | prompt | {\"prompt\": [1.5]}",
                "400 | prompt | {\"prompt\": [[\"a\"]]}",
                "400 | n | {\"prompt\": [\"a\", \"b\"], \"n\": 9}",
                "400 | logprobs | {\"prompt\": \"a\", \"logprobs\": true}",
                "400 | max_tokens | {\"prompt\": \"a\", \"max_tokens\": -1}",
                "501 | suffix | {\"prompt\": \"a\", \"suffix\": \"b\"}",
                "501 | best_of | {\"prompt\": \"a\", \"best_of\": 2}",
            })
    void a_field_at_fault_is_named(int status, String param, String body) {
        HttpResponse<String> response = post(body);

        assertEquals(status, response.statusCode(), response.body());
        assertEquals(param, json(response.body()).at("/error/param").textValue());
    }

    private static TokenScore score(String text) {
        return new TokenScore(1, text.getBytes(), -1, 1, List.of());
    }

    private HttpResponse<String> post(String body) {
        return server.send(
                server.request("/v1/completions").POST(HttpRequest.BodyPublishers.ofString(body)));
    }
}
