package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.OverloadedException;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Whatever is wrong with a request in Anthropic's dialect: it alone fails, in Anthropic's shape, and it is said where.
class AnthropicFaultsTest {

    private static final String INVALID = "invalid_request_error";

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
        assertEquals(200, ask("").statusCode());
    }

    private static HttpResponse<String> ask(String fields) {
        return server.post(
                "/v1/messages",
                "{\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]%s}"
                        .formatted(fields));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "messages                  | {\"max_tokens\":1}",
                "messages                  | {\"max_tokens\":1,\"messages\":[]}",
                "messages                  | {\"max_tokens\":1,\"messages\":\"x\"}",
                "messages[0]               | {\"max_tokens\":1,\"messages\":[\"x\"]}",
                "messages[0].role          | {\"max_tokens\":1,\"messages\":[{\"content\":\"x\"}]}",
                "messages[0].role          | {\"max_tokens\":1,\"messages\":[{\"role\":\"tool\",\"content\":\"x\"}]}",
                "messages[0].role          | {\"max_tokens\":1,\"messages\":[{\"role\":\"assistant\",\"content\":\"x\"}]}",
                "messages[0].content       | {\"max_tokens\":1,\"messages\":[{\"role\":\"user\"}]}",
                "messages[0].content       | {\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[]}]}",
                "messages[0].content       | {\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":{}}]}",
                "messages[0].content[0].type | {\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[{}]}]}",
                "messages[0].content[0].type | {\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_use\"}]}]}",
                "messages[0].content[0].text | {\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":1}]}]}",
                "messages[0].content[0].source | {\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\"}]}]}",
                "messages[0].content[0].source.type | {\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"x\"}}]}]}",
                "messages[0].content[0].source.data | {\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"base64\"}}]}]}",
                "messages[0].content[0].source.url | {\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"a.png\"}}]}]}",
                "messages[0].content[0].source | {\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\"}]}]}",
                "messages[0].content[0].tool_use_id | {\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"x\"}]}]}",
                "messages[0].content[0].input | {\"max_tokens\":1,\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"input\":\"x\"}]}]}",
            })
    void a_wrong_message_is_named(String where, String body) {
        JsonNode error = refused(server.post("/v1/messages", body), 400, INVALID);

        assertTrue(error.get("message").textValue().startsWith(where + " "), error.toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "system            | ,\"system\":5",
                "temperature       | ,\"temperature\":-1",
                "top_k             | ,\"top_k\":1.5",
                "stop_sequences    | ,\"stop_sequences\":[\"\"]",
                "stream            | ,\"stream\":1",
                "thinking.type     | ,\"thinking\":{\"type\":\"hard\"}",
                "thinking.budget_tokens | ,\"thinking\":{\"type\":\"enabled\"}",
                "thinking.budget_tokens | ,\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":-5}",
                "tools[0].input_schema | ,\"tools\":[{\"name\":\"a\"}]",
                "tools[0].name     | ,\"tools\":[{\"name\":\"\",\"input_schema\":{}}]",
                "tool_choice.type  | ,\"tool_choice\":{\"type\":\"any\"}",
                "tool_choice.type  | ,\"tool_choice\":{\"type\":\"required\"}",
                "tool_choice.name  | ,\"tool_choice\":{\"type\":\"tool\",\"name\":\"x\"}",
                "output_config.format.type | ,\"output_config\":{\"format\":{\"type\":\"xml\"}}",
                "output_config.format.schema | ,\"output_config\":{\"format\":{\"type\":\"json_schema\"}}",
            })
    void a_wrong_field_is_named(String where, String fields) {
        JsonNode error = refused(ask(fields), 400, INVALID);

        assertTrue(error.get("message").textValue().startsWith(where + " "), error.toString());
    }

    @Test
    void the_most_tokens_must_be_told_but_not_to_count() {
        String body = "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";

        JsonNode error = refused(server.post("/v1/messages", body), 400, INVALID);

        assertTrue(error.get("message").textValue().startsWith("max_tokens is missing"));
        assertEquals(200, server.post("/v1/messages/count_tokens", body).statusCode());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "tools[0].type | ,\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]",
                "mcp_servers   | ,\"mcp_servers\":[{\"url\":\"x\"}]",
                "container     | ,\"container\":{\"id\":\"x\"}",
                "n             | ,\"n\":2",
                "logprobs      | ,\"logprobs\":true",
            })
    void what_is_not_built_is_refused_by_name(String where, String fields) {
        JsonNode error = refused(ask(fields), 501, INVALID);

        assertTrue(error.get("message").textValue().startsWith(where + ":"), error.toString());
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /v1/messages, 405, invalid_request_error",
        "GET, /v1/messages/count_tokens, 405, invalid_request_error",
        "POST, /v1/messages/batches, 404, not_found_error",
        "GET, /v1/messages/, 404, not_found_error"
    })
    void a_path_or_method_that_is_none_has_the_dialects_shape(
            String method, String path, int status, String type) {
        refused(
                server.send(server.request(path).method(method, BodyPublishers.noBody())),
                status,
                type);
    }

    @Test
    void a_body_that_is_none_has_the_dialects_shape() {
        refused(server.post("/v1/messages", "{"), 400, INVALID);
        refused(server.post("/v1/messages", "[]"), 400, INVALID);
        refused(server.post("/v1/messages", ""), 400, INVALID);
        refused(
                server.send(
                        server.request("/v1/messages")
                                .header("Content-Type", "text/plain")
                                .POST(BodyPublishers.ofString("x"))),
                415,
                INVALID);
    }

    @Test
    void a_body_over_the_limit_has_the_dialects_shape() {
        try (RunningServer small =
                new RunningServer(
                        ServerOptions.DEFAULT
                                .withDrainTimeout(Duration.ZERO)
                                .withMaxBodyBytes(100))) {
            refused(
                    small.send(
                            small.request("/v1/messages")
                                    .POST(
                                            BodyPublishers.ofInputStream(() ->
                                                    new ByteArrayInputStream(new byte[200])))),
                    413,
                    "request_too_large");
        }
    }

    @Test
    void without_a_key_nothing_is_answered() throws Exception {
        try (RunningServer keyed =
                new RunningServer(ServerOptions.DEFAULT.withApiKeys(CallerTest.keys("alice")))) {
            refused(keyed.post("/v1/messages", "{}"), 401, "authentication_error");
            refused(keyed.get("/v1/messages/x"), 401, "authentication_error");
        }
    }

    @Test
    void an_unknown_model_is_not_found() {
        refused(ask(",\"model\":\"claude\""), 404, "not_found_error");
    }

    @ParameterizedTest
    @EnumSource(InvalidRequestException.Kind.class)
    void a_fault_has_the_same_status_as_in_every_dialect(InvalidRequestException.Kind kind) {
        server.model.refusal = new InvalidRequestException(kind, "x", "x: bad");

        HttpResponse<String> response = ask("");

        int elsewhere = server.chat(RunningServer.GOOD).statusCode();
        String type =
                switch (elsewhere) {
                    case 403 -> "permission_error";
                    case 413 -> "request_too_large";
                    default -> INVALID;
                };
        refused(response, elsewhere, type);
    }

    @Test
    void too_much_to_do_says_when_to_ask_again() {
        server.model.refusal = new OverloadedException("full", Duration.ofSeconds(3));

        HttpResponse<String> response = ask("");

        refused(response, 429, "rate_limit_error");
        assertEquals("3", response.headers().firstValue("Retry-After").orElseThrow());
    }

    @Test
    void a_model_that_still_loads_is_overloaded() {
        MoonglassServer loading = MoonglassServer.start(ServerOptions.DEFAULT.withPort(0));
        try {
            HttpResponse<String> response =
                    server.send(
                            HttpRequest.newBuilder(
                                            URI.create(
                                                    "http://127.0.0.1:%d/v1/messages"
                                                            .formatted(loading.port())))
                                    .POST(BodyPublishers.ofString("{}")));

            refused(response, 503, "overloaded_error");
        } finally {
            loading.close();
        }
    }

    private static JsonNode refused(HttpResponse<String> response, int status, String type) {
        assertEquals(status, response.statusCode(), response.body());
        JsonNode body = json(response.body());
        Set<String> keys = new HashSet<>();
        body.fieldNames().forEachRemaining(keys::add);
        assertEquals(Set.of("type", "error", "request_id"), keys);
        assertEquals("error", body.get("type").textValue());
        assertEquals(type, body.get("error").get("type").textValue());
        assertEquals(
                body.get("request_id").textValue(),
                response.headers().firstValue("request-id").orElseThrow());
        return body.get("error");
    }
}
