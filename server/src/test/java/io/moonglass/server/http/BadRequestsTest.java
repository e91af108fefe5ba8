package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.CHAT;
import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever is wrong with a request: it alone fails, in the shape of every error, and says where.
class BadRequestsTest {

    private static final int MAX_BODY_BYTES = 1 << 20;

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = new RunningServer(ServerOptions.DEFAULT.withMaxBodyBytes(MAX_BODY_BYTES));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @AfterEach
    void a_good_request_works_after_it() {
        server.model.refusal = null;
        server.model.script = ScriptedModel::hello;
        assertEquals(200, server.chat(GOOD).statusCode());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "{\"messages\":[}",
                "nonsense",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]",
                "{'messages':1}",
                "{\"temperature\":NaN,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
                "{\"temperature\":Infinity,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}{}",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]} x",
                "\uFEFF{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"line\nbreak\"}]}",
                "{\"n\":1,\"n\":1,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
            })
    void a_body_that_is_no_json_is_refused(String body) {
        refused(server.chat(body), 400, "invalid_json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "null", "\"text\"", "1", "true"})
    void a_body_that_is_no_object_is_refused(String body) {
        refused(server.chat(body), 400, "invalid_value");
    }

    @Test
    void a_doubled_key_is_named_as_such() {
        JsonNode error = refused(server.chat("{\"n\":1,\n\"n\":1}"), 400, "invalid_json");

        assertTrue(error.get("message").textValue().contains("same key twice"));
        assertTrue(error.get("message").textValue().contains("line 2"));
    }

    @Test
    void bytes_that_are_no_utf8_are_refused() {
        byte[] latin1 =
                "{\"messages\":[{\"role\":\"user\",\"content\":\"caf\u00e9\"}]}"
                        .getBytes(StandardCharsets.ISO_8859_1);
        byte[] utf16 = GOOD.getBytes(StandardCharsets.UTF_16);

        refused(server.chat(latin1), 400, "invalid_json");
        refused(server.chat(utf16), 400, "invalid_json");
    }

    @Test
    void nesting_of_a_hundred_thousand_levels_is_refused() {
        refused(server.chat("[".repeat(100_000)), 400, "invalid_json");
        refused(server.chat("{\"a\":".repeat(100_000)), 400, "invalid_json");
        refused(
                server.chat("{\"x\":" + "9".repeat(5_000) + "," + GOOD.substring(1)),
                400,
                "invalid_json");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "temperature           | \"0.5\"",
                "temperature           | 1e999",
                "temperature           | -0.1",
                "temperature           | 2.01",
                "temperature           | [1]",
                "top_p                 | 0",
                "top_p                 | 1.5",
                "top_k                 | -2",
                "top_k                 | 1.5",
                "min_p                 | 7",
                "seed                  | 1.5",
                "seed                  | 99999999999999999999",
                "repetition_penalty    | 0",
                "presence_penalty      | 3",
                "frequency_penalty     | -3",
                "max_tokens            | -1",
                "max_tokens            | 0",
                "max_tokens            | \"5\"",
                "max_tokens            | 2147483648",
                "max_tokens            | 4294967301",
                "max_tokens            | 18446744073709551616",
                "max_tokens            | 5.0",
                "max_completion_tokens | 0",
                "n                     | 0",
                "n                     | -1",
                "n                     | 17",
                "n                     | 1.0",
                "n                     | 18446744073709551616",
                "priority              | \"high\"",
                "priority              | 0.5",
                "priority              | 2147483648",
                "cache_salt            | \"\"",
                "cache_salt            | 5",
                "cache_salt            | \"\\ud83d\"",
                "timeout               | 0",
                "timeout               | -1",
                "timeout               | \"5\"",
                "timeout               | 1e999",
                "timeout               | 1000000001",
                "stop                  | 1",
                "stop                  | \"\"",
                "stop                  | [\"a\", \"\"]",
                "stop                  | [\"a\", 1]",
                "stream                | \"true\"",
                "stream                | 1",
                "stream_options        | true",
                "ignore_eos            | 0",
                "skip_special_tokens   | \"no\"",
                "return_token_ids      | 1",
                "model                 | 5",
                "top_logprobs          | -1",
                "response_format       | \"text\"",
            })
    void a_value_of_the_wrong_type_or_range_is_named(String field, String value) {
        String body = "{\"%s\":%s,%s".formatted(field, value, GOOD.substring(1));

        JsonNode error = refused(server.chat(body), 400, "invalid_value");

        assertEquals(field, error.get("param").textValue());
        assertTrue(error.get("message").textValue().startsWith(field + " is "), error.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "messages                         | []",
                "messages                         | null",
                "messages                         | {}",
                "messages                         | \"hi\"",
                "messages[0]                      | [1]",
                "messages[0]                      | [[]]",
                "messages[0].role                 | [{}]",
                "messages[0].role                 | [{\"role\":\"robot\",\"content\":\"x\"}]",
                "messages[0].role                 | [{\"role\":1,\"content\":\"x\"}]",
                "messages[0].content              | [{\"role\":\"user\"}]",
                "messages[0].content              | [{\"role\":\"user\",\"content\":null}]",
                "messages[0].content              | [{\"role\":\"user\",\"content\":5}]",
                "messages[0].content              | [{\"role\":\"user\",\"content\":{}}]",
                "messages[1].content              | [{\"role\":\"user\",\"content\":\"\"},{\"role\":\"user\",\"content\":[]}]",
                "messages[0].content[0]           | [{\"role\":\"user\",\"content\":[\"x\"]}]",
                "messages[0].content[0].type      | [{\"role\":\"user\",\"content\":[{}]}]",
                "messages[0].content[0].type      | [{\"role\":\"user\",\"content\":[{\"type\":\"smell\"}]}]",
                "messages[0].tool_call_id         | [{\"role\":\"tool\",\"content\":\"x\"}]",
                "messages[0].tool_call_id         | [{\"role\":\"tool\",\"tool_call_id\":\"none\",\"content\":\"x\"}]",
                "messages[0].tool_calls[0].function | [{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\"}]}]",
                "messages[0].tool_calls[0].function.name | [{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"function\":{\"name\":\"a b\",\"arguments\":\"\"}}]}]",
                "messages[0].content[0].text      | [{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":5}]}]",
                "messages[0].content[0].image_url | [{\"role\":\"user\",\"content\":[{\"type\":\"image_url\"}]}]",
                "messages[0].content[0].image_url.url | [{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]}]",
                "messages[0].content[0].image_url.url | [{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"a.png\"}}]}]",
                "messages[0].content[0].image_url | [{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":\"/etc/passwd\"}]}]",
                "messages[0].content[0].file.file_data | [{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{}}]}]",
            })
    void a_fault_in_the_messages_is_named_by_its_path(String path, String messages) {
        JsonNode error =
                refused(server.chat("{\"messages\":" + messages + "}"), 400, "invalid_value");

        assertEquals(path, error.get("param").textValue());
        assertTrue(error.get("message").textValue().startsWith(path + " is "), error.toString());
    }

    @Test
    void more_messages_parts_stops_or_salt_than_the_limits_are_refused() {
        String message = "{\"role\":\"user\",\"content\":\"\"}";
        String part = "{\"type\":\"text\",\"text\":\"\"}";
        String manyMessages = "{\"messages\":[" + (message + ",").repeat(4_096) + message + "]}";
        String manyParts =
                "{\"messages\":[{\"role\":\"user\",\"content\":["
                        + (part + ",").repeat(1_024)
                        + part
                        + "]}]}";
        String manyStops = "{\"stop\":[" + "\"a\",".repeat(16) + "\"a\"]," + GOOD.substring(1);
        String longSalt = "{\"cache_salt\":\"" + "a".repeat(1_025) + "\"," + GOOD.substring(1);
        String longStop = "{\"stop\":\"" + "a".repeat(257) + "\"," + GOOD.substring(1);

        refused(server.chat(manyMessages), 400, "invalid_value");
        refused(server.chat(manyParts), 400, "invalid_value");
        refused(server.chat(manyStops), 400, "invalid_value");
        refused(server.chat(longStop), 400, "invalid_value");
        refused(server.chat(longSalt), 400, "invalid_value");
        assertEquals(200, server.chat(longSalt.replace("aa\"", "a\"")).statusCode());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "modalities         | [\"text\",\"audio\"]",
                "audio              | {\"voice\":\"alloy\"}",
                "web_search_options | {}",
                "use_beam_search    | true",
                "chat_template      | \"{{ messages }}\"",
                "truncate_prompt_tokens | 5",
                "continue_final_message | true",
                "messages           | [{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\"}]}]",
            })
    void what_would_change_the_answer_but_is_not_built_is_refused(String field, String value) {
        String rest = field.equals("messages") ? "}" : "," + GOOD.substring(1);

        JsonNode error =
                refused(
                        server.chat("{\"%s\":%s%s".formatted(field, value, rest)),
                        501,
                        "unsupported_feature");

        assertTrue(error.get("message").textValue().startsWith(error.get("param").textValue()));
    }

    @Test
    void what_is_not_built_may_be_turned_off() {
        String off =
                "{\"use_beam_search\":false,\"echo\":false,\"documents\":[],\"chat_template\":null,";

        assertEquals(200, server.chat(off + GOOD.substring(1)).statusCode());
    }

    @Test
    void clients_are_told_not_to_ask_again_for_what_is_not_built() {
        assertEquals(
                "false",
                server.chat("{\"audio\":{}," + GOOD.substring(1))
                        .headers()
                        .firstValue("X-Should-Retry")
                        .orElseThrow());
    }

    @Test
    void an_unknown_model_is_not_found() {
        JsonNode error =
                refused(
                        server.chat("{\"model\":\"other\"," + GOOD.substring(1)),
                        404,
                        "model_not_found");

        assertEquals("model", error.get("param").textValue());
    }

    @Test
    void a_models_name_is_told_back_on_one_line_and_not_at_any_length() {
        String served = " is not served here; want \"tiny/model\", or no model at all";

        assertEquals("model \"" + "m".repeat(77) + "...\"" + served, notFound("m".repeat(9_999)));
        assertEquals("model \"\\r\\n\\u001B[2J\"" + served, notFound("\\r\\n\\u001b[2J"));
        assertEquals(
                "model \"" + "m".repeat(76) + "\uFFFD...\"" + served,
                notFound("m".repeat(76) + "\\ud83d\\ude00" + "m".repeat(9)));
    }

    /// The message for a model that is not there.
    private static String notFound(String model) {
        String body = "{\"model\":\"%s\",%s".formatted(model, GOOD.substring(1));
        return refused(server.chat(body), 404, "model_not_found").get("message").textValue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "application/json; charset=utf-16",
                ";"
            })
    void another_content_type_is_refused(String type) {
        refused(
                server.send(
                        server.request(CHAT)
                                .header("Content-Type", type)
                                .POST(BodyPublishers.ofString(GOOD))),
                415,
                "unsupported_content_type");
    }

    @Test
    void json_in_utf8_is_taken_with_or_without_its_name() {
        for (String type :
                new String[] {
                    "application/json; charset=UTF-8", "APPLICATION/JSON;charset=\"utf-8\""
                }) {
            HttpResponse<String> response =
                    server.send(
                            server.request(CHAT)
                                    .header("Content-Type", type)
                                    .POST(BodyPublishers.ofString(GOOD)));
            assertEquals(200, response.statusCode(), type);
        }
        assertEquals(
                200,
                server.send(server.request(CHAT).POST(BodyPublishers.ofString(GOOD))).statusCode());
    }

    @Test
    void an_encoded_body_is_refused() {
        refused(
                server.send(
                        server.request(CHAT)
                                .header("Content-Encoding", "gzip")
                                .POST(BodyPublishers.ofString(GOOD))),
                415,
                "unsupported_content_encoding");
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /v1/chat/completions, POST",
        "DELETE, /v1/models, GET",
        "POST, /v1/models/tiny, GET",
        "POST, /health/live, GET",
        "OPTIONS, /v1/chat/completions, POST",
        "PATCH, /health, GET",
        "POST, /metrics, GET",
        "GET, /v1/requests/x, DELETE"
    })
    void a_wrong_method_is_refused_and_the_right_one_named(
            String method, String path, String allowed) {
        HttpResponse<String> response =
                server.send(server.request(path).method(method, BodyPublishers.ofString(GOOD)));

        refused(response, 405, "method_not_allowed");
        assertEquals(allowed, response.headers().firstValue("Allow").orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1",
                "/v1/chat/completions/",
                "/v1/nothing",
                "/v1/requests",
                "/v2/models",
                "/..%2fx"
            })
    void an_unknown_path_is_not_found(String path) {
        refused(server.get(path), 404, "unknown_url");
        refused(
                server.send(server.request(path).POST(BodyPublishers.ofString(GOOD))),
                404,
                "unknown_url");
    }

    @Test
    void a_body_over_the_limit_is_refused_whether_its_length_is_told_or_not() {
        byte[] large = new byte[MAX_BODY_BYTES + 1];
        java.util.Arrays.fill(large, (byte) ' ');

        refused(server.chat(large), 413, "request_too_large");
        refused(
                server.send(
                        server.request(CHAT)
                                .POST(
                                        BodyPublishers.ofInputStream(
                                                () -> new ByteArrayInputStream(large)))),
                413,
                "request_too_large");
    }

    @Test
    void a_body_as_large_as_the_limit_is_read() {
        String padded = GOOD + " ".repeat(MAX_BODY_BYTES - GOOD.length());

        assertEquals(200, server.chat(padded).statusCode());
    }

    @ParameterizedTest
    @CsvSource({
        "INVALID_VALUE, 400, invalid_value",
        "CONTEXT_LENGTH_EXCEEDED, 400, context_length_exceeded",
        "MEDIA_TOO_LARGE, 413, media_too_large",
        "UNSUPPORTED_MEDIA, 422, unsupported_media",
        "INVALID_IMAGE, 422, invalid_image",
        "UNSUPPORTED_FEATURE, 501, unsupported_feature"
    })
    void what_the_model_refuses_keeps_its_words(Kind kind, int status, String code) {
        server.model.refusal = new InvalidRequestException(kind, "messages[0]", "not like this");

        JsonNode error = refused(server.chat(GOOD), status, code);
        JsonNode errorOfStream = refused(server.chat(RunningServer.GOOD_STREAM), status, code);

        assertEquals("not like this", error.get("message").textValue());
        assertEquals("messages[0]", error.get("param").textValue());
        assertEquals(error, errorOfStream);
    }

    @Test
    void a_fault_of_ours_says_nothing_of_the_inside() {
        server.model.refusal = new IllegalStateException("secret at 0x7f00 in /home/operator");

        HttpResponse<String> response =
                server.send(
                        server.request(CHAT)
                                .header("X-Request-Id", "find-me")
                                .POST(BodyPublishers.ofString(GOOD)));

        JsonNode error = json(response.body()).get("error");
        assertEquals(500, response.statusCode());
        assertEquals("internal_error", error.get("code").textValue());
        assertEquals("server_error", error.get("type").textValue());
        assertTrue(error.get("message").textValue().contains("find-me"));
        assertFalse(response.body().contains("secret"));
        assertFalse(response.body().contains("IllegalState"));
    }

    /// Asserts that the answer has this status and the shape of an error, and returns the error.
    private static JsonNode refused(HttpResponse<String> response, int status, String code) {
        assertEquals(status, response.statusCode(), response.body());
        assertEquals(
                "application/json", response.headers().firstValue("Content-Type").orElseThrow());
        assertTrue(response.headers().firstValue("X-Request-Id").isPresent());
        JsonNode error = json(response.body()).get("error");
        Set<String> keys = new HashSet<>();
        error.fieldNames().forEachRemaining(keys::add);
        assertEquals(Set.of("message", "type", "param", "code"), keys);
        assertEquals("invalid_request_error", error.get("type").textValue());
        assertEquals(code, error.get("code").textValue());
        assertFalse(error.get("message").textValue().isBlank());
        assertFalse(response.body().contains("jackson"), response.body());
        return error;
    }
}
