package io.moonglass.server.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.vision.animation.GifWriter;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;

/// Questions to a server that is in trouble: every answer is handed out as it came, good or bad.
final class PlainClient implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String CHAT = "/v1/chat/completions";

    private final String address;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /// @param address without a slash at its end
    PlainClient(String address) {
        this.address = address;
    }

    HttpResponse<String> get(String path) throws Exception {
        return http.send(request(path).build(), BodyHandlers.ofString());
    }

    HttpResponse<String> post(String path, String json) throws Exception {
        return http.send(
                request(path)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(json))
                        .build(),
                BodyHandlers.ofString());
    }

    HttpResponse<String> askText() throws Exception {
        return post(
                CHAT,
                "{\"max_tokens\":4,\"messages\":[{\"role\":\"user\",\"content\":\"Hello?\"}]}");
    }

    HttpResponse<String> askPicture(String name) throws Exception {
        return post(
                CHAT,
                "{\"max_tokens\":4,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"%s\"}},{\"type\":\"text\",\"text\":\"What is it?\"}]}]}"
                        .formatted(DemoServer.pictureAddress(name)));
    }

    /// A question about moving pictures, which the server keeps in a file meanwhile.
    HttpResponse<String> askGif() throws Exception {
        byte[] gif =
                new GifWriter(30, 30)
                        .frame(0, 0, "AB/CD", 1, 50)
                        .frame(5, 5, "AB/CD", 1, 50)
                        .bytes();
        return post(
                CHAT,
                "{\"max_tokens\":4,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"video_url\",\"video_url\":{\"url\":\"data:image/gif;base64,%s\"}},{\"type\":\"text\",\"text\":\"What is it?\"}]}]}"
                        .formatted(Base64.getEncoder().encodeToString(gif)));
    }

    /// A stream of so many tokens, of which the first have come.
    InputStream beginStream(int numTokens) throws Exception {
        HttpResponse<InputStream> response =
                http.send(
                        request(CHAT)
                                .header("Content-Type", "application/json")
                                .POST(
                                        BodyPublishers.ofString(
                                                "{\"stream\":true,\"ignore_eos\":true,\"max_tokens\":%d,\"messages\":[{\"role\":\"user\",\"content\":\"Tell me all.\"}]}"
                                                        .formatted(numTokens)))
                                .build(),
                        BodyHandlers.ofInputStream());
        InputStream stream = response.body();
        stream.readNBytes(600);
        return stream;
    }

    HttpResponse<String> upload(int numBytes) throws Exception {
        String form =
                "--between\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nuser_data\r\n--between\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.bin\"\r\n\r\n"
                        + "x".repeat(numBytes)
                        + "\r\n--between--\r\n";
        return http.send(
                request("/v1/files")
                        .header("Content-Type", "multipart/form-data; boundary=between")
                        .POST(BodyPublishers.ofByteArray(form.getBytes(StandardCharsets.US_ASCII)))
                        .build(),
                BodyHandlers.ofString());
    }

    static String code(HttpResponse<String> refused) {
        return DemoClient.json(refused.body()).at("/error/code").asText();
    }

    static JsonNode json(HttpResponse<String> response) {
        return DemoClient.json(response.body());
    }

    static String rest(InputStream stream) throws IOException {
        return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(address + path)).timeout(PATIENCE);
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
