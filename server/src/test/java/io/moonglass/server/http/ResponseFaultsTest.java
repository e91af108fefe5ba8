package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Whatever is wrong with a request for a response: it alone fails, and it is said where.
class ResponseFaultsTest {

    private static RunningServer server;

    @BeforeAll
    static void start() {
        server = new RunningServer();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @AfterEach
    void a_good_request_works_after_each_bad_one() {
        server.model.refusal = null;
        assertEquals(200, server.post("/v1/responses", "{\"input\": \"hi\"}").statusCode());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "input                   | {}",
                "input                   | {\"input\":null}",
                "input                   | {\"input\":[]}",
                "input                   | {\"input\":5}",
                "input                   | {\"input\":{}}",
                "input[0]                | {\"input\":[\"x\"]}",
                "input[0].role           | {\"input\":[{}]}",
                "input[0].role           | {\"input\":[{\"role\":\"tool\",\"content\":\"x\"}]}",
                "input[0].role           | {\"input\":[{\"role\":5,\"content\":\"x\"}]}",
                "input[0].content        | {\"input\":[{\"role\":\"user\"}]}",
                "input[0].content        | {\"input\":[{\"role\":\"user\",\"content\":5}]}",
                "input[0].content[0].type | {\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"smell\"}]}]}",
                "input[0].content[0].text | {\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\"}]}]}",
                "input[0].content[0].image_url | {\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"a.png\"}]}]}",
                "input[0].content[0].file_data | {\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_file\"}]}]}",
                "input[0].content[0].video_url | {\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_video\"}]}]}",
                "input[0].content[0].image_url | {\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\"}]}]}",
                "input[0].content[0].detail | {\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"data:,\",\"detail\":\"x\"}]}]}",
                "input[0].type           | {\"input\":[{\"type\":\"web_search_call\"}]}",
                "input[0].type           | {\"input\":[{\"type\":5}]}",
                "input[0].call_id        | {\"input\":[{\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"\"}]}",
                "input[0].call_id        | {\"input\":[{\"type\":\"function_call_output\",\"call_id\":\"x\",\"output\":\"\"}]}",
                "instructions            | {\"input\":\"x\",\"instructions\":[]}",
                "max_output_tokens       | {\"input\":\"x\",\"max_output_tokens\":0}",
                "max_output_tokens       | {\"input\":\"x\",\"max_output_tokens\":9223372036854775808}",
                "temperature             | {\"input\":\"x\",\"temperature\":3}",
                "temperature             | {\"input\":\"x\",\"temperature\":\"1\"}",
                "top_p                   | {\"input\":\"x\",\"top_p\":0}",
                "top_logprobs            | {\"input\":\"x\",\"top_logprobs\":21}",
                "include                 | {\"input\":\"x\",\"include\":\"all\"}",
                "include                 | {\"input\":\"x\",\"include\":[1]}",
                "tools                   | {\"input\":\"x\",\"tools\":{\"a\":1}}",
                "tools[0].name           | {\"input\":\"x\",\"tools\":[{\"type\":\"function\"}]}",
                "tools[0].name           | {\"input\":\"x\",\"tools\":[{\"type\":\"function\",\"name\":\"a b\"}]}",
                "tools[0].parameters     | {\"input\":\"x\",\"tools\":[{\"type\":\"function\",\"name\":\"a\",\"parameters\":[]}]}",
                "tools                   | {\"input\":\"x\",\"tools\":[{\"type\":\"function\",\"name\":\"a\"},{\"type\":\"function\",\"name\":\"a\"}]}",
                "tool_choice             | {\"input\":\"x\",\"tool_choice\":\"perhaps\"}",
                "tool_choice             | {\"input\":\"x\",\"tool_choice\":\"required\"}",
                "tool_choice.name        | {\"input\":\"x\",\"tool_choice\":{\"type\":\"function\",\"name\":\"a\"}}",
                "tool_choice.tools       | {\"input\":\"x\",\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":[{\"type\":\"function\",\"name\":\"a\"}]}}",
                "parallel_tool_calls     | {\"input\":\"x\",\"parallel_tool_calls\":1}",
                "max_tool_calls          | {\"input\":\"x\",\"max_tool_calls\":0}",
                "text.format.type        | {\"input\":\"x\",\"text\":{\"format\":{\"type\":\"xml\"}}}",
                "text.format.schema      | {\"input\":\"x\",\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\"}}}",
                "reasoning.effort        | {\"input\":\"x\",\"reasoning\":{\"effort\":\"heroic\"}}",
                "reasoning.summary       | {\"input\":\"x\",\"reasoning\":{\"summary\":\"long\"}}",
                "truncation              | {\"input\":\"x\",\"truncation\":\"some\"}",
                "metadata                | {\"input\":\"x\",\"metadata\":{\"a\":1}}",
                "metadata                | {\"input\":\"x\",\"metadata\":[]}",
                "stream                  | {\"input\":\"x\",\"stream\":\"yes\"}",
                "store                   | {\"input\":\"x\",\"store\":\"yes\"}",
                "user                    | {\"input\":\"x\",\"user\":5}",
            })
    void a_wrong_field_is_named(String param, String body) {
        JsonNode error = refused(server.post("/v1/responses", body), 400);

        assertEquals(param, error.get("param").textValue());
        assertEquals("invalid_value", error.get("code").textValue());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "background    | true",
                "conversation  | \"conv_1\"",
                "prompt        | {\"id\":\"p\"}",
                "tools[0].type | [{\"type\":\"web_search\"}]",
                "tool_choice.type | {\"type\":\"mcp\",\"server_label\":\"x\"}",
            })
    void what_is_not_built_is_refused_by_name(String param, String value) {
        String field = param.replaceAll("\\W.*", "");

        JsonNode error =
                refused(
                        server.post(
                                "/v1/responses",
                                "{\"input\":\"x\",\"%s\":%s}".formatted(field, value)),
                        501);

        assertEquals(param, error.get("param").textValue());
        assertEquals("unsupported_feature", error.get("code").textValue());
    }

    @Test
    void sound_is_not_heard() {
        refused(
                server.post(
                        "/v1/responses",
                        "{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\"}]}]}"),
                501);
    }

    @Test
    void too_much_metadata_is_refused() {
        StringBuilder pairs = new StringBuilder();
        for (int i = 0; i < 17; i++) {
            pairs.append(i == 0 ? "" : ",").append("\"k%d\":\"v\"".formatted(i));
        }
        refused(metadata(pairs.toString()), 400);
        refused(metadata("\"%s\":\"v\"".formatted("k".repeat(65))), 400);
        refused(metadata("\"k\":\"%s\"".formatted("v".repeat(513))), 400);
        assertEquals(
                200,
                metadata("\"%s\":\"%s\"".formatted("k".repeat(64), "v".repeat(512))).statusCode());
    }

    private static HttpResponse<String> metadata(String pairs) {
        return server.post("/v1/responses", "{\"input\":\"x\",\"metadata\":{%s}}".formatted(pairs));
    }

    @Test
    void too_many_items_and_tools_are_refused() {
        String item = "{\"role\":\"user\",\"content\":\"x\"},";
        refused(
                server.post("/v1/responses", "{\"input\":[%s{}]}".formatted(item.repeat(4_096))),
                400);
        refused(
                server.post(
                        "/v1/responses",
                        "{\"input\":\"x\",\"tools\":[%s{}]}".formatted("{},".repeat(128))),
                400);
    }

    @Test
    void half_an_emoji_harms_nothing_wherever_it_is() {
        HttpResponse<String> response =
                server.post(
                        "/v1/responses",
                        """
                        {"input": [{"role": "user", "content": "a\\ud83d"}], "instructions": "\\ud83d",
                         "user": "\\ud83d", "metadata": {"a": "\\ude00"},
                         "text": {"verbosity": "\\ud83d", "format": {"type": "text", "x": "\\ud83d"}},
                         "tools": [{"type": "function", "name": "f", "description": "\\ud83d",
                                    "parameters": {"a": ["\\ud83d"]}}]}
                        """);

        assertEquals(200, response.statusCode(), response.body());
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /v1/responses, 405",
        "DELETE, /v1/responses, 405",
        "POST, /v1/responses/x, 405",
        "GET, /v1/responses/x/cancel, 405",
        "POST, /v1/responses/x/input_items, 405",
        "GET, /v1/responses/x, 404",
        "GET, /v1/responses/, 404",
        "GET, /v1/responses/x/nothing, 404",
        "GET, /v1/responses/x/input_items/y, 404",
        "GET, /v1/responses/input_tokens, 405",
        "GET, /v1/responsesx, 404"
    })
    void a_path_or_method_that_is_none_is_refused(String method, String path, int status) {
        refused(server.send(server.request(path).method(method, BodyPublishers.noBody())), status);
    }

    @Test
    void a_stored_response_is_not_streamed() {
        refused(server.get("/v1/responses/x?stream=true"), 501);
    }

    @Test
    void what_the_model_refuses_has_the_same_status_as_elsewhere() {
        server.model.refusal =
                new InvalidRequestException(
                        InvalidRequestException.Kind.CONTEXT_LENGTH_EXCEEDED, null, "too long");

        JsonNode error = refused(server.post("/v1/responses", "{\"input\": \"hi\"}"), 400);

        assertEquals("context_length_exceeded", error.get("code").textValue());
    }

    private static JsonNode refused(HttpResponse<String> response, int status) {
        assertEquals(status, response.statusCode(), response.body());
        JsonNode error = json(response.body()).get("error");
        assertEquals("invalid_request_error", error.get("type").textValue());
        assertFalse(error.get("message").textValue().isBlank());
        assertTrue(response.headers().firstValue("X-Request-Id").isPresent());
        return error;
    }
}
