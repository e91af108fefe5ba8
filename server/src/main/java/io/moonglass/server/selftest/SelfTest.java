package io.moonglass.server.selftest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.fault.ConfigException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;

/// Asks a running server what a client and a cluster ask it. For one thread.
public final class SelfTest {

    /// @param server     without a path
    /// @param operations the address of the operations port, if it has one
    /// @param key        sent to the server as its API key
    /// @param trust      whom to believe in a TLS handshake; the JDK's authorities where it is empty
    /// @param timeout    for the server to be ready, and again for each answer
    public record Settings(
            URI server,
            Optional<URI> operations,
            Optional<String> key,
            Optional<SSLContext> trust,
            Duration timeout) {

        public Settings {
            checkAddress(server);
            operations.ifPresent(Settings::checkAddress);
        }

        private static void checkAddress(URI address) {
            boolean http =
                    "http".equals(address.getScheme()) || "https".equals(address.getScheme());
            if (!http || address.getHost() == null) {
                throw new ConfigException(
                        "server address \"%s\"; want one like http://moonglass:8080"
                                .formatted(address));
            }
        }
    }

    /// What one check has shown.
    ///
    /// @param seen what was seen, or what is wrong
    public record Finding(String name, boolean passed, String seen) {

        @Override
        public String toString() {
            return "%s  %s: %s".formatted(passed ? "ok  " : "FAIL", name, seen);
        }
    }

    /// One check that went wrong, in words for an operator.
    private static final class FailedCheckException extends Exception {

        private FailedCheckException(String message) {
            super(message);
        }
    }

    private interface Check {

        /// @return what was seen
        String run() throws FailedCheckException, InterruptedException;
    }

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(500);
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final int MOST_BYTES = 16 << 20;
    private static final int SHOWN_CHARACTERS = 120;
    private static final int ANSWER_TOKENS = 16;

    private final Settings settings;
    private final HttpClient http;
    private final Consumer<Finding> findings;
    private boolean passed = true;

    /// @param findings takes what each check has shown
    public SelfTest(Settings settings, Consumer<Finding> findings) {
        this.settings = settings;
        this.findings = findings;
        HttpClient.Builder client = HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT);
        settings.trust().ifPresent(client::sslContext);
        this.http = client.build();
    }

    /// @return whether every check passed
    public boolean run() throws InterruptedException {
        check("ready", () -> awaitReady(settings.server()));
        check("live", () -> get(settings.server(), "/health/live"));
        check("models", this::models);
        check("picture", this::askAboutPicture);
        if (settings.operations().isPresent()) {
            URI operations = settings.operations().get();
            check("operations", () -> awaitReady(operations));
            check("metrics", () -> metrics(operations));
        }
        return passed;
    }

    private void check(String name, Check check) throws InterruptedException {
        try {
            findings.accept(new Finding(name, true, check.run()));
        } catch (FailedCheckException e) {
            passed = false;
            findings.accept(new Finding(name, false, e.getMessage()));
        }
    }

    /// A server that was just started gets the time to load its model.
    private String awaitReady(URI address) throws FailedCheckException, InterruptedException {
        long start = System.nanoTime();
        for (; ; ) {
            try {
                return get(address, "/health/ready");
            } catch (FailedCheckException e) {
                if (System.nanoTime() - start > settings.timeout().toNanos()) {
                    throw e;
                }
            }
            Thread.sleep(BETWEEN_LOOKS);
        }
    }

    private String models() throws FailedCheckException, InterruptedException {
        List<String> names = new ArrayList<>();
        for (JsonNode model : json(get(settings.server(), "/v1/models")).path("data")) {
            names.add(model.path("id").asText());
        }
        if (names.isEmpty()) {
            throw new FailedCheckException("/v1/models names none");
        }
        return String.join(", ", names);
    }

    /// Any model answers something; whether it is true is what `moonglass eval` is for.
    private String askAboutPicture() throws FailedCheckException, InterruptedException {
        ObjectNode body = JSON.createObjectNode().put("max_tokens", ANSWER_TOKENS);
        var content =
                body.put("temperature", 0)
                        .putArray("messages")
                        .addObject()
                        .put("role", "user")
                        .putArray("content");
        content.addObject()
                .put("type", "image_url")
                .putObject("image_url")
                .put("url", TestPicture.address());
        content.addObject().put("type", "text").put("text", "What is in the picture?");
        HttpRequest.Builder request =
                request(settings.server(), "/v1/chat/completions")
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
        JsonNode answer = json(send(request));
        int numImages =
                answer.path("usage").path("prompt_tokens_details").path("image_tokens").asInt();
        int numTokens = answer.path("usage").path("completion_tokens").asInt();
        if (numImages == 0 || numTokens == 0) {
            throw new FailedCheckException(
                    "the answer has %d tokens after %d of the picture; want some of both"
                            .formatted(numTokens, numImages));
        }
        return "%d tokens of the picture read, %d answered: %s"
                .formatted(
                        numImages,
                        numTokens,
                        shown(
                                answer.path("choices")
                                        .path(0)
                                        .path("message")
                                        .path("content")
                                        .asText()));
    }

    private String metrics(URI operations) throws FailedCheckException, InterruptedException {
        long ours =
                get(operations, "/metrics").lines().filter(l -> l.startsWith("moonglass_")).count();
        if (ours == 0) {
            throw new FailedCheckException("/metrics has no line of moonglass_");
        }
        return "%,d series".formatted(ours);
    }

    private HttpRequest.Builder request(URI address, String path) {
        return HttpRequest.newBuilder(address.resolve(path)).timeout(settings.timeout());
    }

    private String get(URI address, String path) throws FailedCheckException, InterruptedException {
        return send(request(address, path).GET());
    }

    private String send(HttpRequest.Builder unsigned)
            throws FailedCheckException, InterruptedException {
        settings.key().ifPresent(key -> unsigned.header("Authorization", "Bearer " + key));
        HttpRequest request = unsigned.build();
        try {
            HttpResponse<InputStream> response =
                    http.send(request, HttpResponse.BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                String text = new String(body.readNBytes(MOST_BYTES), StandardCharsets.UTF_8);
                if (response.statusCode() != 200) {
                    throw new FailedCheckException(
                            "%s answers %d: %s"
                                    .formatted(request.uri(), response.statusCode(), shown(text)));
                }
                return request.method().equals("GET") && text.isBlank() ? "200" : text;
            }
        } catch (IOException e) {
            throw new FailedCheckException("no answer from %s: %s".formatted(request.uri(), e));
        }
    }

    private static JsonNode json(String text) throws FailedCheckException {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw new FailedCheckException("answers with what is no JSON: " + shown(text));
        }
    }

    private static String shown(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.length() <= SHOWN_CHARACTERS
                ? line
                : line.substring(0, SHOWN_CHARACTERS) + " ...";
    }
}
