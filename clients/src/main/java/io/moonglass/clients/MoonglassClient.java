package io.moonglass.clients;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;

/// A client of a Moonglass server, or of any server that speaks the OpenAI chat-completions dialect.
/// Safe to use from any thread.
public final class MoonglassClient {

    private static final ObjectMapper JSON =
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final int MAX_ERROR_BYTES = 1 << 20;

    private final HttpClient http;
    private final String base;
    private final String apiKey;
    private final String requestId;

    private MoonglassClient(HttpClient http, String base, String apiKey, String requestId) {
        this.http = http;
        this.base = base;
        this.apiKey = apiKey;
        this.requestId = requestId;
    }

    /// @param server where the server is, with or without the `/v1`: `http://127.0.0.1:8080`
    public static MoonglassClient of(URI server) {
        if (server.getHost() == null || server.getScheme() == null) {
            throw new IllegalArgumentException(
                    "server address \"%s\"; want one like http://127.0.0.1:8080".formatted(server));
        }
        String base = server.toString().replaceFirst("/+$", "").replaceFirst("/v1$", "");
        HttpClient http =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .connectTimeout(CONNECT_TIMEOUT)
                        .build();
        return new MoonglassClient(http, base, null, null);
    }

    /// The same client, which sends this key with every request.
    public MoonglassClient withApiKey(String key) {
        return new MoonglassClient(http, base, key, requestId);
    }

    /// The same client, which gives its requests this id: the name under which the server logs them and
    /// another thread can [#cancel(String)] the one that runs.
    ///
    /// @param id at most 128 visible ASCII characters; one request at a time may have it
    public MoonglassClient withRequestId(String id) {
        return new MoonglassClient(http, base, apiKey, id);
    }

    /// Asks and waits for the whole answer.
    ///
    /// @throws MoonglassException if there is no answer, or it is an error
    public ChatCompletion chat(ChatCompletionRequest request) {
        return post(request.withStream(false), body -> JSON.readValue(body, ChatCompletion.class));
    }

    /// Asks and hands over the answer piece by piece, on the calling thread. If `chunks` throws, the
    /// connection is closed, which ends the generation, and the exception goes to the caller.
    ///
    /// @throws MoonglassException if there is no answer, or it is or becomes an error
    public void stream(ChatCompletionRequest request, Consumer<ChatCompletionChunk> chunks) {
        post(
                request.withStream(true),
                body -> {
                    readStream(new EventStreamReader(body), chunks);
                    return null;
                });
    }

    /// @throws MoonglassException if there is no answer, or it is an error
    public ModelList models() {
        return send(
                request("/v1/models").GET().build(), body -> JSON.readValue(body, ModelList.class));
    }

    /// Ends the running request of this id, which gets an error instead of the rest of its answer.
    ///
    /// @return whether one was running
    /// @throws MoonglassException if there is no answer, or it is an error
    public boolean cancel(String id) {
        String encoded = URLEncoder.encode(id, StandardCharsets.UTF_8).replace("+", "%20");
        HttpRequest request = withoutId("/v1/requests/" + encoded).DELETE().build();
        try {
            return send(request, body -> true);
        } catch (MoonglassException e) {
            if ("request_not_found".equals(e.code())) {
                return false;
            }
            throw e;
        }
    }

    private static void readStream(EventStreamReader events, Consumer<ChatCompletionChunk> chunks)
            throws IOException {
        for (String data = events.next(); data != null; data = events.next()) {
            if (data.equals("[DONE]")) {
                return;
            }
            JsonNode event = JSON.readTree(data);
            if (event.has("error")) {
                throw new MoonglassException(200, errorIn(event.get("error")), null);
            }
            chunks.accept(JSON.treeToValue(event, ChatCompletionChunk.class));
        }
        throw new MoonglassException("the stream ended before its [DONE]", null);
    }

    private <T> T post(ChatCompletionRequest body, BodyReader<T> reader) {
        byte[] json;
        try {
            json = JSON.writeValueAsBytes(body);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("the request cannot be written as JSON", e);
        }
        HttpRequest request =
                request("/v1/chat/completions")
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofByteArray(json))
                        .build();
        return send(request, reader);
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = withoutId(path);
        return requestId == null ? request : request.header("X-Request-Id", requestId);
    }

    private HttpRequest.Builder withoutId(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path));
        return apiKey == null ? request : request.header("Authorization", "Bearer " + apiKey);
    }

    private <T> T send(HttpRequest request, BodyReader<T> reader) {
        try {
            HttpResponse<InputStream> response =
                    http.send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                if (response.statusCode() != 200) {
                    throw error(
                            response.statusCode(),
                            body.readNBytes(MAX_ERROR_BYTES),
                            retryAfter(response.headers()));
                }
                return reader.read(body);
            }
        } catch (JsonProcessingException e) {
            throw new MoonglassException(base + " answered with what is no such JSON", e);
        } catch (IOException e) {
            throw new MoonglassException("no answer from %s: %s".formatted(base, reasonOf(e)), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MoonglassException("interrupted while waiting for " + base, e);
        }
    }

    private MoonglassException error(int status, byte[] body, Duration retryAfter) {
        return new MoonglassException(status, errorIn(status, body), retryAfter);
    }

    private ErrorBody.Detail errorIn(int status, byte[] body) {
        try {
            JsonNode root = JSON.readTree(body);
            if (root != null && root.hasNonNull("error")) {
                return errorIn(root.get("error"));
            }
        } catch (IOException e) {
            return unnamedError(status, body);
        }
        return unnamedError(status, body);
    }

    /// Whole seconds; a proxy may name a day and hour instead, which is taken as nothing said.
    private static Duration retryAfter(HttpHeaders headers) {
        return headers.firstValue("Retry-After")
                .filter(value -> value.matches("\\d{1,9}"))
                .map(value -> Duration.ofSeconds(Long.parseLong(value)))
                .orElse(null);
    }

    /// The error object; some servers send only its text.
    private static ErrorBody.Detail errorIn(JsonNode error) {
        return new ErrorBody.Detail(
                error.isTextual() ? error.textValue() : textOf(error, "message"),
                textOf(error, "type"),
                textOf(error, "param"),
                textOf(error, "code"));
    }

    private ErrorBody.Detail unnamedError(int status, byte[] body) {
        String text = new String(body, 0, Math.min(body.length, 200), StandardCharsets.UTF_8);
        return new ErrorBody.Detail(
                "%s answered with status %d: %s".formatted(base, status, text.strip()),
                null,
                null,
                null);
    }

    private static String textOf(JsonNode error, String key) {
        return error.hasNonNull(key) ? error.get(key).asText() : null;
    }

    private static String reasonOf(IOException e) {
        if (e instanceof ConnectException) {
            return "cannot connect; is it running there?";
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    private interface BodyReader<T> {
        T read(InputStream body) throws IOException;
    }
}
