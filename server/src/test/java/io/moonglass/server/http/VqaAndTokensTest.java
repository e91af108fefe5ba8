package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.Message;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VqaAndTokensTest {

    private static final String FORM = "multipart/form-data; boundary=xyz";

    private final RunningServer server = new RunningServer();

    @AfterAll
    void stop() {
        server.close();
    }

    @Test
    void a_question_about_pictures_is_answered() {
        HttpResponse<String> response =
                post(
                        "/v1/vqa",
                        "{\"image\": \"data:image/png;base64,AA\", \"images\": [\"data:image/png;base64,BB\"], \"question\": \"which?\", \"max_tokens\": 5}");

        JsonNode answer = json(response.body());
        assertEquals("Good day ☾", answer.get("answer").textValue());
        assertEquals("stop", answer.get("finish_reason").textValue());
        assertEquals("tiny/model", answer.get("model").textValue());
        assertEquals(4, answer.at("/usage/prompt_tokens_details/image_tokens").intValue());
        assertEquals(56, answer.at("/images/0/width").intValue());
        Message message = server.model.lastRequest().messages().getFirst();
        assertEquals(
                List.of(
                        picture("data:image/png;base64,AA", "image"),
                        picture("data:image/png;base64,BB", "images[0]"),
                        new ContentPart.Text("which?")),
                message.content());
        assertEquals(5, server.model.lastRequest().answer().maxTokens().orElseThrow());
    }

    @Test
    void a_form_is_taken_as_curl_sends_it() {
        String form =
                part("image\"; filename=\"a b.png", "\u00ff\u0000PNG\r\n--xy\r\n")
                        + part("question", "what?")
                        + part("max_tokens", "7")
                        + part("temperature", "0.5")
                        + "--xyz--\r\n";

        HttpResponse<String> response = postForm(FORM, form);

        assertEquals(200, response.statusCode(), response.body());
        List<ContentPart> parts = server.model.lastRequest().messages().getFirst().content();
        assertArrayEquals(
                "\u00ff\u0000PNG\r\n--xy\r\n"
                        .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1),
                ((MediaSource.Bytes) ((ContentPart.Picture) parts.getFirst()).source()).bytes());
        assertEquals(new ContentPart.Text("what?"), parts.get(1));
        assertEquals(7, server.model.lastRequest().answer().maxTokens().orElseThrow());
        assertEquals(0.5, server.model.lastRequest().answer().sampling().temperature());
    }

    @Test
    void a_forms_field_that_comes_again_adds_to_the_first() {
        String form =
                part("image", "data:,a")
                        + part("image", "data:,b")
                        + part("image", "data:,c")
                        + part("question", "which?")
                        + "--xyz--";

        assertEquals(200, postForm(FORM, form).statusCode());
        assertEquals(4, server.model.lastRequest().messages().getFirst().content().size());
        String twoQuestions = part("question", "a") + part("question", "b") + "--xyz--";
        HttpResponse<String> refused = postForm(FORM, twoQuestions);
        assertEquals(400, refused.statusCode());
        assertEquals("question", json(refused.body()).at("/error/param").textValue());
    }

    @Test
    void a_forms_numbers_are_as_exact_as_those_in_json() {
        String seed = String.valueOf(Long.MAX_VALUE);
        String form = part("question", "a") + part("seed", seed) + "--xyz--";

        assertEquals(200, postForm(FORM, form).statusCode());
        assertEquals(Long.MAX_VALUE, server.model.lastRequest().answer().sampling().seed());
        for (String number : List.of("NaN", "Infinity", "0x1p3", "1d")) {
            String bad = part("question", "a") + part("temperature", number) + "--xyz--";
            assertEquals(400, postForm(FORM, bad).statusCode(), number);
        }
    }

    @Test
    void questions_about_pictures_take_what_other_dialects_take() {
        post(
                "/v1/vqa",
                "{\"question\": \"a\", \"stop_token_ids\": [7], \"bad_words\": [\"b\"], \"ignore_eos\": true, \"max_completion_tokens\": 9}");

        AnswerOptions answer = server.model.lastRequest().answer();
        assertEquals(Set.of(7), answer.stopTokenIds());
        assertEquals(List.of("b"), answer.badWords());
        assertTrue(answer.ignoreEos());
        assertEquals(9, answer.maxTokens().orElseThrow());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "/v1/vqa | n | {\"question\": \"a\", \"n\": 2}",
                "/v1/vqa | tools | {\"question\": \"a\", \"tools\": [{}]}",
                "/v1/vqa | logprobs | {\"question\": \"a\", \"logprobs\": true}",
                "/v1/responses | n | {\"input\": \"a\", \"n\": 2}",
                "/v1/responses | prompt_logprobs | {\"input\": \"a\", \"prompt_logprobs\": 1}",
            })
    void what_a_route_cannot_tell_is_refused(String path, String param, String body) {
        HttpResponse<String> response = post(path, body);

        assertEquals(501, response.statusCode(), response.body());
        assertEquals(param, json(response.body()).at("/error/param").textValue());
        assertEquals(200, post("/v1/vqa", "{\"question\": \"a\", \"n\": 1}").statusCode());
    }

    @Test
    void a_form_without_a_good_shape_is_refused_and_a_good_one_works_after_it() {
        List<String> bad =
                List.of(
                        "",
                        "--xyz\r\n",
                        "--xyz\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\nabc",
                        "--xyz\r\nContent-Disposition: form-data\r\n\r\nabc\r\n--xyz--",
                        "--xyz\r\nX: " + "a".repeat(10_000) + "\r\n\r\nabc\r\n--xyz--",
                        part("other\"; filename=\"a", "x") + "--xyz--",
                        (part("question", "x")).repeat(2_000) + "--xyz--",
                        part("question", " ") + "--xyz--");
        for (String form : bad) {
            HttpResponse<String> response = postForm(FORM, form);
            assertEquals(
                    400, response.statusCode(), form.substring(0, Math.min(80, form.length())));
            assertEquals(
                    200, postForm(FORM, part("question", "what?") + "--xyz--\r\n").statusCode());
        }
        assertEquals(400, postForm("multipart/form-data", "--xyz--").statusCode());
        assertEquals(
                400, postForm("multipart/form-data; boundary=" + "x".repeat(99), "").statusCode());
    }

    @Test
    void an_answer_is_streamed_with_its_usage_last() {
        String body = post("/v1/vqa", "{\"question\": \"what?\", \"stream\": true}").body();

        List<String> lines = body.lines().filter(line -> line.startsWith("data: ")).toList();
        assertEquals("data: {\"delta\":\"Good \"}", lines.getFirst());
        assertEquals("data: [DONE]", lines.getLast());
        assertTrue(lines.get(lines.size() - 2).contains("\"finish_reason\":\"stop\""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/tokenize", "/v1/tokenize"})
    void a_text_is_made_tokens_and_back(String path) {
        JsonNode tokens =
                json(post(path, "{\"prompt\": \"ab\", \"return_token_strs\": true}").body());
        assertEquals("[97,98]", tokens.get("tokens").toString());
        assertEquals(2, tokens.get("count").intValue());
        assertEquals(4096, tokens.get("max_model_len").intValue());
        assertEquals("[\"a\",\"b\"]", tokens.get("token_strs").toString());

        String back = post(path.replace("tok", "detok"), "{\"tokens\": [97, 98]}").body();
        assertEquals("ab", json(back).get("prompt").textValue());
    }

    @Test
    void conversations_are_counted_with_their_pictures() {
        JsonNode count =
                json(
                        post(
                                        "/v1/count_tokens",
                                        "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]}")
                                .body());

        assertEquals(11, count.get("prompt_tokens").intValue());
        assertEquals(4, count.get("image_tokens").intValue());
        assertEquals(56, count.at("/images/0/height").intValue());
        JsonNode two = json(post("/v1/count_tokens", "{\"prompt\": [\"a\", \"b\"]}").body());
        assertEquals(22, two.get("prompt_tokens").intValue());
    }

    @Test
    void texts_and_pictures_have_features() {
        JsonNode reply =
                json(
                        post(
                                        "/v1/embeddings",
                                        "{\"input\": [\"a\", [1, 2], {\"image\": \"data:image/png;base64,AA\"}]}")
                                .body());

        assertEquals("[1.0,0.5]", reply.at("/data/0/embedding").toString());
        assertEquals("[-1.0,2.0]", reply.at("/data/2/embedding").toString());
        assertEquals(2, reply.at("/data/2/index").intValue());
        assertEquals(33, reply.at("/usage/total_tokens").intValue());
        JsonNode base64 =
                json(
                        post(
                                        "/v1/embeddings",
                                        "{\"input\": \"a\", \"encoding_format\": \"base64\"}")
                                .body());
        assertEquals("AACAPwAAAD8=", base64.at("/data/0/embedding").textValue());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "/v1/vqa | question | {}",
                "/v1/vqa | question | {\"question\": \"  \"}",
                "/v1/vqa | image | {\"question\": \"a\", \"image\": \"a.png\"}",
                "/v1/vqa | images[1] | {\"question\": \"a\", \"images\": [\"data:,\", 5]}",
                "/tokenize | prompt | {\"prompt\": 5}",
                "/detokenize | tokens | {\"tokens\": \"a\"}",
                "/detokenize | tokens | {\"tokens\": [1e99]}",
                "/v1/count_tokens | prompt | {}",
                "/v1/embeddings | input | {}",
                "/v1/embeddings | input | {\"input\": []}",
                "/v1/embeddings | input | {\"input\": [null]}",
                "/v1/embeddings | input | {\"input\": [[\"a\", \"b\"]]}",
                "/v1/embeddings | input[0].image | {\"input\": [{\"image\": \"x\"}]}",
                "/v1/embeddings | dimensions | {\"input\": \"a\", \"dimensions\": 7}",
                "/v1/embeddings | encoding_format | {\"input\": \"a\", \"encoding_format\": \"hex\"}",
            })
    void a_field_at_fault_is_named(String path, String param, String body) {
        HttpResponse<String> response = post(path, body);

        assertEquals(400, response.statusCode(), response.body());
        assertEquals(param, json(response.body()).at("/error/param").textValue());
    }

    @Test
    void the_version_is_told() {
        assertTrue(json(server.get("/version").body()).get("version").isTextual());
    }

    private static ContentPart picture(String url, String param) {
        return ContentPart.Picture.at(url, OptionalLong.empty(), param);
    }

    private static String part(String name, String content) {
        return "--xyz\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n"
                .formatted(name, content);
    }

    private HttpResponse<String> postForm(String contentType, String form) {
        return server.send(
                server.request("/v1/vqa")
                        .header("Content-Type", contentType)
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        form, java.nio.charset.StandardCharsets.ISO_8859_1)));
    }

    private HttpResponse<String> post(String path, String body) {
        return server.send(server.request(path).POST(HttpRequest.BodyPublishers.ofString(body)));
    }
}
