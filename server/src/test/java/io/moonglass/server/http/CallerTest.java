package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.errorCode;
import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whose a request is, where keys are wanted.
class CallerTest {

    private RunningServer server;

    @BeforeEach
    void start() throws Exception {
        server = new RunningServer(ServerOptions.DEFAULT.withApiKeys(keys("alice", "bob")));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /// Keys like "key of alice".
    ///
    /// @param names behind which limits may stand
    static ApiKeys keys(String... names) throws Exception {
        StringBuilder lines = new StringBuilder();
        for (String line : names) {
            String name = line.split(" ")[0];
            String limits = line.substring(name.length());
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(("key of " + name).getBytes(StandardCharsets.UTF_8));
            lines.append(name)
                    .append(' ')
                    .append(HexFormat.of().formatHex(hash))
                    .append(limits)
                    .append('\n');
        }
        Path file = Files.writeString(Files.createTempFile("keys", null), lines);
        try {
            return ApiKeys.read(file);
        } finally {
            Files.delete(file);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Authorization, Bearer key of alice, alice",
        "authorization, bearer  key of bob, bob",
        "X-Api-Key, key of bob, bob"
    })
    void a_keys_name_is_the_tenant(String header, String value, String name) {
        HttpResponse<String> response = server.send(chat().header(header, value));

        assertEquals(200, response.statusCode(), response.body());
        assertEquals(name, server.model.lastRequest().scope().tenant());
    }

    @ParameterizedTest
    @CsvSource({
        "X-Nothing, key of alice",
        "Authorization, key of alice",
        "Authorization, Basic key of alice",
        "Authorization, Bearer",
        "Authorization, Bearer alice",
        "Authorization, Bearer key of carol",
        "X-Api-Key, key of carol"
    })
    void without_a_key_of_this_server_nothing_is_answered(String header, String value) {
        HttpResponse<String> response = server.send(chat().header(header, value));

        assertEquals(401, response.statusCode());
        JsonNode error = json(response.body()).get("error");
        assertEquals("invalid_api_key", error.get("code").textValue());
        assertEquals("invalid_request_error", error.get("type").textValue());
        assertEquals("Bearer", response.headers().firstValue("WWW-Authenticate").orElseThrow());
        assertFalse(response.body().contains("of carol"), response.body());
        assertNull(server.model.lastRequest());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/models",
                "/v1/models/tiny/model",
                "/v1/requests/x",
                "/v1/responses",
                "/v1/responses/x",
                "/v1/chat/completions",
                "/metrics",
                "/nothing"
            })
    void every_path_but_health_and_the_playground_wants_a_key(String path) {
        assertEquals(401, server.get(path).statusCode());
        assertEquals("invalid_api_key", errorCode(server.get(path)));
    }

    @Test
    void health_is_told_without_a_key() {
        for (String path : new String[] {"/health", "/health/live", "/health/ready"}) {
            assertEquals(200, server.get(path).statusCode());
        }
    }

    @Test
    void with_a_key_every_path_is_open() {
        for (String path : new String[] {"/v1/models", "/v1/models/tiny/model", "/metrics"}) {
            HttpResponse<String> response =
                    server.send(server.request(path).header("X-Api-Key", "key of bob"));
            assertEquals(200, response.statusCode(), path);
        }
    }

    @Test
    void where_no_keys_are_wanted_every_caller_is_the_same() {
        try (RunningServer open =
                new RunningServer(ServerOptions.DEFAULT.withDrainTimeout(Duration.ZERO))) {
            open.chat(GOOD);

            assertEquals("", open.model.lastRequest().scope().tenant());
        }
    }

    private HttpRequest.Builder chat() {
        return server.request(RunningServer.CHAT).POST(BodyPublishers.ofString(GOOD));
    }

    @Test
    void a_key_is_held_to_its_own_limits_and_no_other_key_is() throws Exception {
        try (RunningServer limited =
                new RunningServer(
                        ServerOptions.DEFAULT.withApiKeys(
                                keys("alice requests-per-minute=1", "bob tokens-per-minute=5")))) {
            int first = ask(limited, "alice").statusCode();
            HttpResponse<String> second = ask(limited, "alice");
            int bobs = ask(limited, "bob").statusCode(); // of 11 tokens and 3
            HttpResponse<String> bobsNext = ask(limited, "bob");

            assertEquals(200, first);
            assertEquals(429, second.statusCode());
            assertEquals("key_request_limit", errorCode(second));
            assertEquals("60", second.headers().firstValue("Retry-After").orElseThrow());
            assertEquals(200, bobs);
            assertEquals("key_token_limit", errorCode(bobsNext));
        }
    }

    private static HttpResponse<String> ask(RunningServer server, String name) {
        return server.send(
                server.request(RunningServer.CHAT)
                        .header("X-Api-Key", "key of " + name)
                        .POST(BodyPublishers.ofString(GOOD)));
    }
}
