package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.GOOD_STREAM;
import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.FinishReason;
import io.moonglass.engine.RequestScope;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.Usage;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ChatCompletionsTest {

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
    void a_whole_answer_has_text_finish_reason_and_usage() {
        HttpResponse<String> response = server.chat(GOOD);

        JsonNode answer = json(response.body());
        assertEquals(200, response.statusCode());
        assertEquals(
                "application/json", response.headers().firstValue("Content-Type").orElseThrow());
        assertTrue(answer.get("id").textValue().startsWith("chatcmpl-"));
        assertEquals("chat.completion", answer.get("object").textValue());
        assertEquals("tiny/model", answer.get("model").textValue());
        assertTrue(answer.get("created").longValue() > 1_700_000_000L);
        assertTrue(answer.get("system_fingerprint").textValue().startsWith("moonglass-"));
        JsonNode choice = answer.get("choices").get(0);
        assertEquals("assistant", choice.get("message").get("role").textValue());
        assertEquals("Good day ☾", choice.get("message").get("content").textValue());
        assertEquals("stop", choice.get("finish_reason").textValue());
        assertFalse(choice.has("token_ids"));
        assertFalse(choice.get("message").has("reasoning_content"));
        assertEquals(
                json(
                        """
                        {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14,
                         "prompt_tokens_details": {"cached_tokens": 0, "image_tokens": 4, "video_tokens": 0},
                         "completion_tokens_details": {"reasoning_tokens": 1}}
                        """),
                answer.get("usage"));
    }

    @Test
    void an_answer_cut_by_the_token_limit_says_length() {
        server.model.script =
                (request, events, _) -> events.accept(ScriptedModel.finished(FinishReason.LENGTH));

        JsonNode choice = json(server.chat(GOOD).body()).get("choices").get(0);

        assertEquals("length", choice.get("finish_reason").textValue());
        assertEquals("", choice.get("message").get("content").textValue());
    }

    @Test
    void reasoning_is_apart_from_the_answer_under_both_names() {
        server.model.script =
                (request, events, _) -> {
                    events.accept(new GenerationEvent.ReasoningDelta("hm, "));
                    events.accept(new GenerationEvent.ReasoningDelta("well"));
                    events.accept(new GenerationEvent.TextDelta("yes"));
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };

        JsonNode message = json(server.chat(GOOD).body()).get("choices").get(0).get("message");

        assertEquals("yes", message.get("content").textValue());
        assertEquals("hm, well", message.get("reasoning_content").textValue());
        assertEquals("hm, well", message.get("reasoning").textValue());
        List<JsonNode> chunks = chunks(server.chat(GOOD_STREAM).body());
        assertEquals(
                json("{\"reasoning_content\": \"hm, \", \"reasoning\": \"hm, \"}"),
                chunks.get(1).get("choices").get(0).get("delta"));
    }

    @Test
    void a_streamed_answer_comes_in_pieces_and_ends_with_done() {
        HttpResponse<String> response = server.chat(GOOD_STREAM);

        assertEquals(200, response.statusCode());
        assertTrue(
                response.headers()
                        .firstValue("Content-Type")
                        .orElseThrow()
                        .startsWith("text/event-stream"));
        assertTrue(response.body().endsWith("data: [DONE]\n\n"));
        List<JsonNode> chunks = chunks(response.body());
        assertEquals(
                List.of(
                        json("{\"role\": \"assistant\", \"content\": \"\"}"),
                        json("{\"content\": \"Good \"}"),
                        json("{\"content\": \"day ☾\"}"),
                        json("{}")),
                chunks.stream().map(chunk -> chunk.get("choices").get(0).get("delta")).toList());
        assertEquals(1, chunks.stream().map(chunk -> chunk.get("id")).distinct().count());
        for (JsonNode chunk : chunks) {
            boolean last = chunk == chunks.getLast();
            assertEquals("chat.completion.chunk", chunk.get("object").textValue());
            assertEquals(
                    last ? "stop" : null,
                    chunk.get("choices").get(0).get("finish_reason").textValue());
            assertFalse(chunk.has("usage"));
        }
    }

    @Test
    void include_usage_adds_a_chunk_without_choices() {
        String body =
                GOOD_STREAM.replace(
                        "\"stream\":true",
                        "\"stream\":true,\"stream_options\":{\"include_usage\":true}");

        JsonNode last = chunks(server.chat(body).body()).getLast();

        assertEquals(json("[]"), last.get("choices"));
        assertEquals(14, last.get("usage").get("total_tokens").intValue());
    }

    @Test
    void a_stream_ends_with_the_times_of_its_stages_where_they_are_asked_for() {
        String fields = "\"stream_options\": {\"include_timings\": true}";

        JsonNode last = chunks(server.chat(asking(fields, GOOD_STREAM)).body()).getLast();

        assertEquals(json("[]"), last.get("choices"));
        double inAdmission = last.at("/timings/stage_seconds/admission").doubleValue();
        assertTrue(inAdmission > 0, last.toString());
        assertTrue(last.at("/timings/total_seconds").doubleValue() >= inAdmission, last.toString());
        assertFalse(server.chat(GOOD_STREAM).body().contains("timings"));
    }

    @Test
    void token_ids_are_returned_where_they_are_asked_for() {
        String whole = GOOD.replace("{\"messages\"", "{\"return_token_ids\":true,\"messages\"");
        String stream = GOOD_STREAM.replace("{\"stream\"", "{\"return_token_ids\":true,\"stream\"");

        assertEquals(
                json("[5, 6, 7]"),
                json(server.chat(whole).body()).get("choices").get(0).get("token_ids"));
        assertEquals(
                json("[5, 6, 7]"),
                chunks(server.chat(stream).body())
                        .getLast()
                        .get("choices")
                        .get(0)
                        .get("token_ids"));
    }

    @Test
    void several_answers_are_choices_of_their_own_and_the_prompt_counts_once() {
        numbersTheAnswers();

        JsonNode answer = json(server.chat(asking("\"n\": 3", GOOD)).body());

        assertEquals(3, answer.get("choices").size());
        for (int i = 0; i < 3; i++) {
            JsonNode choice = answer.get("choices").get(i);
            assertEquals(i, choice.get("index").intValue());
            assertEquals("answer " + i, choice.get("message").get("content").textValue());
            assertEquals("stop", choice.get("finish_reason").textValue());
        }
        assertEquals(
                json(
                        """
                        {"prompt_tokens": 11, "completion_tokens": 18, "total_tokens": 29,
                         "prompt_tokens_details": {"cached_tokens": 7, "image_tokens": 4, "video_tokens": 0},
                         "completion_tokens_details": {"reasoning_tokens": 3}}
                        """),
                answer.get("usage"));
    }

    @Test
    void several_answers_are_streamed_under_their_indices() {
        numbersTheAnswers();
        String fields = "\"n\": 2, \"stream_options\": {\"include_usage\": true}";

        HttpResponse<String> response = server.chat(asking(fields, GOOD_STREAM));

        assertTrue(response.body().endsWith("data: [DONE]\n\n"), response.body());
        List<JsonNode> chunks = chunks(response.body());
        for (int i = 0; i < 2; i++) {
            int index = i;
            List<JsonNode> own =
                    chunks.stream()
                            .flatMap(chunk -> chunk.get("choices").valueStream())
                            .filter(choice -> choice.get("index").intValue() == index)
                            .toList();
            assertEquals(3, own.size());
            assertEquals("assistant", own.get(0).get("delta").get("role").textValue());
            assertEquals("answer " + i, own.get(1).get("delta").get("content").textValue());
            assertEquals("stop", own.get(2).get("finish_reason").textValue());
        }
        assertEquals(11, chunks.getLast().get("usage").get("completion_tokens").intValue());
    }

    @Test
    void a_fault_in_one_of_several_answers_fails_the_request() {
        AtomicInteger next = new AtomicInteger();
        server.model.script =
                (request, events, cancelled) -> {
                    if (next.getAndIncrement() % 2 == 0) {
                        ScriptedModel.hello(request, events, cancelled);
                    } else {
                        events.accept(new GenerationEvent.Failed(new IllegalStateException()));
                    }
                };

        assertEquals(500, server.chat(asking("\"n\": 2", GOOD)).statusCode());
        String stream = server.chat(asking("\"n\": 2", GOOD_STREAM)).body();
        assertTrue(stream.contains("internal_error"), stream);
        assertFalse(stream.contains("[DONE]"), stream);
    }

    /// Answers that say which one they are; the first found 7 tokens of the prompt in the cache, and took 5
    /// tokens of its own, each after it one more of both.
    private static void numbersTheAnswers() {
        AtomicInteger next = new AtomicInteger();
        server.model.script =
                (request, events, _) -> {
                    int index = next.getAndIncrement();
                    events.accept(new GenerationEvent.TextDelta("answer " + index));
                    events.accept(
                            new GenerationEvent.Finished(
                                    FinishReason.STOP,
                                    new Usage(11, 4, 0, 7 + index, 5 + index, 1),
                                    List.of()));
                };
    }

    private static String asking(String fields, String body) {
        return "{" + fields + "," + body.substring(1);
    }

    @Test
    void urgency_and_salt_reach_the_model() {
        server.chat(asking("\"priority\": -3, \"cache_salt\": \"pepper\"", GOOD));
        assertEquals(new RequestScope("", "pepper", -3), server.model.lastRequest().scope());

        server.chat(asking("\"priority\": null, \"cache_salt\": null", GOOD));
        assertEquals(RequestScope.DEFAULT, server.model.lastRequest().scope());
    }

    @Test
    void every_sampling_field_reaches_the_model() {
        server.chat(
                """
                {"model": "tiny/model", "max_tokens": 5, "max_completion_tokens": 7,
                 "temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.1, "seed": -9,
                 "repetition_penalty": 1.1, "presence_penalty": 0.2, "frequency_penalty": -0.3,
                 "stop": ["a", "b"], "ignore_eos": true, "skip_special_tokens": false, "n": 1,
                 "messages": [{"role": "user", "content": "hi"}]}
                """);

        var request = server.model.lastRequest();
        var sampling = request.answer().sampling();
        assertEquals(7, request.answer().maxTokens().orElseThrow());
        assertEquals(
                List.of(0.5, 0.9, 0.1, 1.1, 0.2, -0.3),
                List.of(
                        sampling.temperature(),
                        sampling.topP(),
                        sampling.minP(),
                        sampling.repetitionPenalty(),
                        sampling.presencePenalty(),
                        sampling.frequencyPenalty()));
        assertEquals(40, sampling.topK());
        assertEquals(-9, sampling.seed());
        assertEquals(List.of("a", "b"), request.answer().stop());
        assertTrue(request.answer().ignoreEos());
        assertFalse(request.answer().skipSpecialTokens());
    }

    @Test
    void a_silent_request_takes_the_models_own_sampling() {
        server.chat(
                "{\"temperature\": null, \"stop\": null, \"top_k\": -1,"
                        + " \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}");

        assertEquals(
                ScriptedModel.DEFAULTS, server.model.lastRequest().answer().sampling().withSeed(0));
        assertTrue(server.model.lastRequest().answer().maxTokens().isEmpty());
        assertTrue(server.model.lastRequest().answer().skipSpecialTokens());
    }

    @Test
    void messages_keep_their_roles_parts_and_order() {
        server.chat(
                """
                {"messages": [
                  {"role": "developer", "content": "be brief"},
                  {"role": "user", "name": "Ada", "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "high"}},
                    {"type": "text", "text": "what?"},
                    {"type": "image_url", "image_url": "DATA:image/png;base64,BBBB"}]},
                  {"role": "assistant", "content": "a cat"},
                  {"role": "user", "content": ""}]}
                """);

        assertEquals(
                List.of(
                        Message.text(Role.SYSTEM, "be brief"),
                        new Message(
                                Role.USER,
                                List.of(
                                        picture(
                                                "data:image/png;base64,AAAA",
                                                "messages[1].content[0].image_url.url"),
                                        new ContentPart.Text("what?"),
                                        picture(
                                                "DATA:image/png;base64,BBBB",
                                                "messages[1].content[2].image_url"))),
                        Message.text(Role.ASSISTANT, "a cat"),
                        Message.text(Role.USER, "")),
                server.model.lastRequest().messages());
    }

    private static ContentPart picture(String url, String param) {
        return ContentPart.Picture.at(url, OptionalLong.empty(), param);
    }

    @Test
    void half_a_surrogate_pair_becomes_the_replacement_character() {
        server.chat(
                "{\"messages\":[{\"role\":\"user\",\"content\":\"a\\ud83d b \\ud83d\\ude00 \\ude00\"}]}");

        assertEquals(
                List.of(Message.text(Role.USER, "a\uFFFD b \uD83D\uDE00 \uFFFD")),
                server.model.lastRequest().messages());
    }

    @Test
    void fields_that_change_nothing_are_accepted() {
        HttpResponse<String> response =
                server.chat(
                        """
                        {"user": "u", "store": true, "metadata": {"a": "b"}, "service_tier": "auto",
                         "parallel_tool_calls": true, "reasoning_effort": "low", "logprobs": false,
                         "top_logprobs": 0, "logit_bias": {}, "tools": [], "response_format": {"type": "text"},
                         "made_up": [1, {"x": null}], "model": "", "n": null,
                         "messages": [{"role": "user", "content": "hi"}]}
                        """);

        assertEquals(200, response.statusCode(), response.body());
    }

    private static List<JsonNode> chunks(String stream) {
        List<JsonNode> chunks = new ArrayList<>();
        Arrays.stream(stream.split("\n"))
                .filter(line -> line.startsWith("data: {"))
                .forEach(line -> chunks.add(json(line.substring("data: ".length()))));
        return chunks;
    }
}
