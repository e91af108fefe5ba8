package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What the suites of clients rely on: that an answer which is not as described is found.
class ApiDescriptionTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CHUNK =
            "data: {\"id\":\"chatcmpl-%s\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"system_fingerprint\":\"f\",\"choices\":[]}\n\n"
                    .formatted("0".repeat(32));

    private final ApiDescription description = new ApiDescription(document());

    @Test
    void a_good_answer_passes() {
        assertEquals(List.of(), description.violations(version("{\"version\":\"1\"}")));
    }

    @Test
    void a_field_too_many_or_too_few_is_found() {
        assertFound("surplus", version("{\"version\":\"1\",\"surplus\":2}"));
        assertFound("version", version("{}"));
    }

    @Test
    void a_value_of_another_type_is_found() {
        assertFound("string", version("{\"version\":1}"));
    }

    @Test
    void a_status_or_content_type_that_is_not_described_is_found() {
        assertFound("status 418", answer("GET", "/version", "", 418, "application/json", "{}"));
        assertFound("text/html", answer("GET", "/version", "", 200, "text/html", "1"));
    }

    @Test
    void a_request_that_was_taken_and_is_not_described_is_found() throws IOException {
        String taken = "{\"tokens\":[]}";
        String text = "{\"prompt\":\"\"}";

        assertEquals(
                List.of(),
                description.violations(
                        answer("POST", "/detokenize", taken, 200, "application/json", text)));
        assertFound(
                "tokens",
                answer("POST", "/detokenize", "{\"tokens\":7}", 200, "application/json", text));
    }

    @Test
    void an_answer_at_a_path_that_is_not_described_is_found() {
        assertFound(
                "nothing is described",
                answer("GET", "/secret", "", 200, "application/json", "{}"));
        assertEquals(
                List.of(),
                description.violations(
                        answer(
                                "GET",
                                "/secret",
                                "",
                                404,
                                "application/json",
                                "{\"error\":{\"message\":\"m\",\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"unknown_url\"}}")));
    }

    @Test
    void a_stream_without_its_end_or_with_more_after_it_is_found() {
        assertEquals(
                List.of(),
                description.violations(stream(": ping\n\n" + CHUNK + "data: [DONE]\n\n")));
        assertFound("no end", stream(CHUNK));
        assertFound("after the stream's end", stream("data: [DONE]\n\n" + CHUNK));
    }

    @Test
    void an_event_that_is_not_described_is_found() {
        assertFound("object", stream("data: {}\n\ndata: [DONE]\n\n"));
        assertFound("the event's name", stream("event: piece\n" + CHUNK + "data: [DONE]\n\n"));
    }

    @Test
    void an_answer_without_an_id_is_found() {
        assertFound(
                "X-Request-Id",
                new RecordedExchange(
                        "GET",
                        "/version",
                        "",
                        new byte[0],
                        200,
                        Map.of("content-type", "application/json"),
                        "{\"version\":\"1\"}".getBytes(StandardCharsets.UTF_8),
                        true));
    }

    private void assertFound(String word, RecordedExchange exchange) {
        List<String> violations = description.violations(exchange);
        assertTrue(
                violations.stream().anyMatch(violation -> violation.contains(word)),
                violations::toString);
    }

    private static RecordedExchange version(String answer) {
        return answer("GET", "/version", "", 200, "application/json", answer);
    }

    private static RecordedExchange stream(String events) {
        return answer(
                "POST",
                "/v1/chat/completions",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}",
                200,
                "text/event-stream; charset=utf-8",
                events);
    }

    private static RecordedExchange answer(
            String method, String path, String request, int status, String type, String answer) {
        return new RecordedExchange(
                method,
                path,
                "application/json",
                request.getBytes(StandardCharsets.UTF_8),
                status,
                Map.of("content-type", type, "x-request-id", "1"),
                answer.getBytes(StandardCharsets.UTF_8),
                true);
    }

    private static String document() {
        try (InputStream stream =
                ApiDescriptionTest.class.getResourceAsStream(
                        "/io/moonglass/server/http/openapi.json")) {
            JsonNode document = JSON.readTree(stream);
            return ((ObjectNode) document).toString();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
