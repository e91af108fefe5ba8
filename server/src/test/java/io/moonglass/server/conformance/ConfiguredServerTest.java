package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server process that is told what to do by a file and by variables.
class ConfiguredServerTest {

    private static final String REQUEST =
            """
            {"messages": [{"role": "user", "content": [
              {"type": "text", "text": "What is this?"},
              {"type": "image_url", "image_url": {"url": "http://example.com/a.png"}}]}]}
            """;

    @TempDir private Path folder;

    @Test
    void the_file_and_variables_decide() throws Exception {
        Path file = folder.resolve("application.yaml");
        Files.writeString(
                file,
                """
                server:
                  port: 1         # the flag says another
                  ping-interval: 2s
                models:
                  name: from-the-file
                media:
                  offline: true
                batching:
                  max-running: 3
                """);
        Map<String, String> environment =
                Map.of(
                        "MOONGLASS_CONFIG", file.toString(),
                        "MOONGLASS_MODELS_NAME", "from-the-variable",
                        // as Kubernetes sets them where a Service is called moonglass
                        "MOONGLASS_PORT", "tcp://10.0.0.1:8080",
                        "MOONGLASS_SERVICE_HOST", "10.0.0.1");

        try (ServerProcess server = new ServerProcess(folder, environment);
                HttpClient client = HttpClient.newHttpClient()) {
            JsonNode models =
                    new ObjectMapper().readTree(send(client, server, "/v1/models", null).body());
            HttpResponse<String> refused = send(client, server, "/v1/chat/completions", REQUEST);

            assertEquals("from-the-variable", models.at("/data/0/id").asText());
            assertEquals(501, refused.statusCode(), refused.body());
            assertTrue(refused.body().contains("this server is offline"), refused.body());
        }

        String log = Files.readString(folder.resolve("server.log"));
        assertTrue(
                log.contains(
                        "settings: "
                                + file
                                + " was read; set by flags: 3, by variables: 1, by the file: 3,"),
                log);
    }

    private static HttpResponse<String> send(
            HttpClient client, ServerProcess server, String path, String body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(server.address() + path));
        if (body != null) {
            request.header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body));
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
