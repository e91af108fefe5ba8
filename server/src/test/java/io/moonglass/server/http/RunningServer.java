package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// A server on a free port with a scripted model, and clients for it.
final class RunningServer implements AutoCloseable {

    static final ObjectMapper JSON = new ObjectMapper();
    static final String CHAT = "/v1/chat/completions";
    static final String GOOD = "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    static final String GOOD_STREAM =
            "{\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    final ScriptedModel model = new ScriptedModel();
    final MoonglassServer server;
    final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    RunningServer(ServerOptions options) {
        this.server = MoonglassServer.start(model, options.withPort(0));
    }

    RunningServer() {
        this(ServerOptions.DEFAULT.withDrainTimeout(Duration.ZERO));
    }

    URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(uri(path)).timeout(Duration.ofSeconds(30));
    }

    HttpResponse<String> get(String path) {
        return send(request(path).GET());
    }

    HttpResponse<String> chat(String body) {
        return chat(body.getBytes(StandardCharsets.UTF_8));
    }

    HttpResponse<String> chat(byte[] body) {
        return send(
                request(CHAT)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    HttpResponse<String> post(String path, String body) {
        return send(
                request(path)
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    /// A question under an id of the caller's own.
    HttpRequest.Builder chatAs(String requestId, String body) {
        return request(CHAT)
                .header("X-Request-Id", requestId)
                .POST(HttpRequest.BodyPublishers.ofString(body));
    }

    HttpResponse<String> send(HttpRequest.Builder request) {
        try {
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /// A connection whose bytes a test writes itself.
    Socket socket() throws IOException {
        Socket socket = new Socket("127.0.0.1", server.port());
        socket.setSoTimeout(30_000);
        return socket;
    }

    static String rawChat(String body) {
        return "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(CHAT, body.getBytes(StandardCharsets.UTF_8).length, body);
    }

    /// The code of an error, whole or at the end of a stream.
    static String errorCode(HttpResponse<String> response) {
        String last = response.body().strip().lines().reduce((_, line) -> line).orElseThrow();
        String json = last.startsWith("data: ") ? last.substring("data: ".length()) : last;
        return json(json).path("error").path("code").asText();
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(text, e);
        }
    }

    @Override
    public void close() {
        server.close();
        http.close();
    }
}
