package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/// Asks a server over HTTP. Safe to use from any thread.
final class DemoClient implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String BOUNDARY = "between-the-parts";

    /// What no answer here takes, even on a machine that has much else to do.
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final String address;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /// @param address without a slash at its end
    DemoClient(String address) {
        this.address = address;
    }

    static String dataAddress(String type, Path file) {
        return "data:%s;base64,%s".formatted(type, Base64.getEncoder().encodeToString(bytes(file)));
    }

    static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The answer, which is a good one.
    JsonNode post(String path, JsonNode body) {
        return good(send(path, body));
    }

    HttpResponse<String> send(String path, JsonNode body) {
        return now(sendLater(path, body));
    }

    CompletableFuture<HttpResponse<String>> sendLater(String path, JsonNode body) {
        return http.sendAsync(jsonRequest(path, body), BodyHandlers.ofString());
    }

    /// The answer as it comes.
    InputStream stream(String path, JsonNode body) {
        HttpResponse<InputStream> response =
                now(http.sendAsync(jsonRequest(path, body), BodyHandlers.ofInputStream()));
        assertEquals(200, response.statusCode());
        return response.body();
    }

    /// A form with one file, and fields.
    JsonNode postForm(String path, String fileField, Path file, Map<String, String> fields) {
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        fields.forEach((name, value) ->
                form.writeBytes(
                        "--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n"
                                .formatted(BOUNDARY, name, value)
                                .getBytes(StandardCharsets.UTF_8)));
        form.writeBytes(
                "--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n\r\n"
                        .formatted(BOUNDARY, fileField, file.getFileName())
                        .getBytes(StandardCharsets.UTF_8));
        form.writeBytes(bytes(file));
        form.writeBytes("\r\n--%s--\r\n".formatted(BOUNDARY).getBytes(StandardCharsets.UTF_8));
        HttpRequest request =
                request(path)
                        .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
                        .POST(BodyPublishers.ofByteArray(form.toByteArray()))
                        .build();
        return good(now(http.sendAsync(request, BodyHandlers.ofString())));
    }

    /// The id of a file that the server keeps from now on.
    String upload(Path file) {
        return postForm("/v1/files", "file", file, Map.of("purpose", "user_data"))
                .get("id")
                .textValue();
    }

    /// What a metric says now; 0 if it has not been told of yet.
    ///
    /// @param series with its labels but that of the model, such as `x_total` or `x_total{reason="crashed"}`
    double metric(String series) {
        String all =
                now(http.sendAsync(request("/metrics").build(), BodyHandlers.ofString())).body();
        return all.lines()
                .filter(line ->
                        line.replaceFirst("model=\"[^\"]*\",?", "")
                                .replace("{}", "")
                                .startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private HttpRequest jsonRequest(String path, JsonNode body) {
        return request(path)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body.toString()))
                .build();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(address + path)).timeout(PATIENCE);
    }

    static JsonNode good(HttpResponse<String> response) {
        assertEquals(200, response.statusCode(), response::body);
        return json(response.body());
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(text, e);
        }
    }

    private static <T> T now(CompletableFuture<T> response) {
        return response.join();
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
