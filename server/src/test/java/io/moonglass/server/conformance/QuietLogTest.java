package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.moonglass.server.conformance.ValidRequests.ValidRequest;
import io.moonglass.server.observe.CapturedLog;
import io.moonglass.server.observe.LogFormat;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is asked and answered stays out of the log, in every dialect and whatever goes wrong.
class QuietLogTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MARKER = "xylophone-quince";

    /// Where callers write what a model is to read.
    private static final Set<String> TEXTS =
            Set.of("content", "text", "prompt", "question", "system", "instructions", "input");

    @TempDir private Path folder;

    private final CapturedLog log = new CapturedLog(LogFormat.JSON);
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private DemoServer server;

    @BeforeEach
    void serve() {
        server = DemoServer.start(folder);
    }

    @AfterEach
    void close() {
        server.close();
        http.shutdownNow();
        log.close();
    }

    @Test
    void no_line_has_what_was_asked() throws Exception {
        int numGood = 0;
        for (ValidRequest request : ValidRequests.all()) {
            JsonNode body = marked(request.body(), TEXTS);
            if (body.toString().contains(MARKER)) {
                numGood += post(request.path(), body.toString()).statusCode() == 200 ? 1 : 0;
            }
        }

        assertTrue(numGood > 20, "answered: " + numGood);
        assertQuiet();
    }

    @Test
    void no_line_has_what_was_asked_wrongly() throws Exception {
        int numBad = 0;
        for (ValidRequest request : ValidRequests.all()) {
            String body = marked(request.body(), Set.of()).toString();
            numBad += post(request.path(), body).statusCode() >= 400 ? 1 : 0;
            assertEquals(
                    400,
                    post(request.path(), body.substring(0, body.length() / 2) + MARKER)
                            .statusCode());
        }
        for (String url :
                List.of(
                        "http://127.0.0.1:1/" + MARKER + "?key=" + MARKER,
                        "https://10.0.0.1/a.png?" + MARKER,
                        "https://localhost:1/?" + MARKER,
                        "file:///" + MARKER,
                        "data:image/png;base64," + MARKER,
                        "data:" + MARKER + ";base64,AAAA")) {
            ObjectNode body = JSON.createObjectNode().put("question", MARKER).put("image", url);
            numBad += post("/v1/vqa", body.toString()).statusCode() >= 400 ? 1 : 0;
        }
        post("/nothing?" + MARKER, MARKER);

        assertTrue(numBad > 20, "refused: " + numBad);
        assertQuiet();
    }

    @Test
    void no_line_has_what_was_answered() throws Exception {
        for (String stream : List.of("true", "false")) {
            HttpResponse<String> answer =
                    post(
                            "/v1/chat/completions",
                            "{\"stream\":%s,\"choice\":[\"%s\"],\"messages\":[{\"role\":\"user\",\"content\":\"say\"}]}"
                                    .formatted(stream, MARKER));
            assertEquals(200, answer.statusCode());
        }

        assertQuiet();
    }

    @Test
    void each_line_is_an_object_of_its_own() throws Exception {
        post(
                "/v1/chat/completions",
                "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":2}");
        log.await("io.moonglass.access");

        for (String line : log.lines()) {
            JsonNode parsed = JSON.readTree(line);
            assertTrue(parsed.hasNonNull("timestamp") && parsed.hasNonNull("message"), line);
        }
    }

    private void assertQuiet() throws InterruptedException {
        log.await("io.moonglass.access");
        for (String line : log.lines()) {
            assertFalse(line.contains(MARKER), line);
        }
    }

    /// @param fields whose texts are marked; none for all texts
    private static JsonNode marked(JsonNode node, Set<String> fields) {
        return marked("", node, fields);
    }

    private static JsonNode marked(String name, JsonNode node, Set<String> fields) {
        return switch (node) {
            case ObjectNode object -> {
                ObjectNode marked = JsonNodeFactory.instance.objectNode();
                object.properties()
                        .forEach(field ->
                                marked.set(
                                        field.getKey(),
                                        marked(field.getKey(), field.getValue(), fields)));
                yield marked;
            }
            case ArrayNode array -> {
                ArrayNode marked = JsonNodeFactory.instance.arrayNode();
                array.forEach(item -> marked.add(marked(name, item, fields)));
                yield marked;
            }
            case TextNode text
                    when (fields.isEmpty() || fields.contains(name))
                            && !text.textValue().startsWith("data:") ->
                    TextNode.valueOf(MARKER + ' ' + text.textValue());
            default -> node;
        };
    }

    private HttpResponse<String> post(String path, String body)
            throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create(server.address() + path))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }
}
