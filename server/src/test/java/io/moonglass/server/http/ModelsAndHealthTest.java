package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.ConfigException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ModelsAndHealthTest {

    @Test
    void the_model_is_listed_and_found_by_its_name() {
        try (RunningServer server = new RunningServer()) {
            JsonNode list = json(server.get("/v1/models").body());
            JsonNode model = json(server.get("/v1/models/tiny/model").body());

            assertEquals("list", list.get("object").textValue());
            assertEquals(1, list.get("data").size());
            assertEquals(model, list.get("data").get(0));
            assertEquals("tiny/model", model.get("id").textValue());
            assertEquals("model", model.get("object").textValue());
            assertEquals(4096, model.get("max_model_len").intValue());
            assertEquals(model, json(server.get("/v1/models/tiny%2Fmodel").body()));
            assertEquals(404, server.get("/v1/models/other").statusCode());
            assertEquals(404, server.get("/v1/models/").statusCode());
        }
    }

    @Test
    void a_server_that_has_its_model_is_live_and_ready() {
        try (RunningServer server = new RunningServer()) {
            for (String path : new String[] {"/health", "/health/live", "/health/ready"}) {
                assertEquals(200, server.get(path).statusCode());
                assertEquals("UP", json(server.get(path).body()).get("status").textValue());
            }
        }
    }

    @Test
    void a_server_whose_engine_is_stuck_is_live_but_not_ready() {
        ServerOptions options = ServerOptions.DEFAULT.withStuckAfter(Duration.ofSeconds(5));
        try (RunningServer server = new RunningServer(options)) {
            server.model.statistics = ScriptedModel.without(Duration.ofSeconds(5));
            assertEquals(200, server.get("/health/ready").statusCode());

            server.model.statistics = ScriptedModel.without(Duration.ofMillis(5_001));

            for (String path : new String[] {"/health", "/health/ready"}) {
                HttpResponse<String> response = server.get(path);
                assertEquals(503, response.statusCode());
                assertEquals("DOWN", json(response.body()).get("status").textValue());
                assertEquals("engine_stuck", json(response.body()).get("reason").textValue());
                assertTrue(response.headers().firstValue("Retry-After").isPresent());
            }
            assertEquals(200, server.get("/health/live").statusCode());

            server.model.statistics = ScriptedModel.without(Duration.ZERO);
            assertEquals(200, server.get("/health/ready").statusCode());
        }
    }

    @Test
    void a_server_without_its_model_is_live_but_not_ready() throws Exception {
        try (MoonglassServer server = MoonglassServer.start(ServerOptions.DEFAULT.withPort(0));
                HttpClient http = HttpClient.newHttpClient();
                ScriptedModel model = new ScriptedModel()) {
            URI base = URI.create("http://127.0.0.1:" + server.port());
            HttpRequest chat =
                    HttpRequest.newBuilder(base.resolve("/v1/chat/completions"))
                            .POST(BodyPublishers.ofString(GOOD))
                            .build();

            assertEquals(200, status(http, base, "/health/live"));
            assertEquals(503, status(http, base, "/health/ready"));
            assertEquals(503, status(http, base, "/health"));
            assertEquals(503, status(http, base, "/v1/models"));
            HttpResponse<String> refused = http.send(chat, HttpResponse.BodyHandlers.ofString());
            assertEquals(503, refused.statusCode());
            assertEquals(
                    "model_loading", json(refused.body()).get("error").get("code").textValue());
            assertTrue(refused.headers().firstValue("Retry-After").isPresent());

            server.serve(model);

            assertEquals(200, status(http, base, "/health/ready"));
            assertEquals(200, http.send(chat, HttpResponse.BodyHandlers.discarding()).statusCode());
        }
    }

    @Test
    void a_port_in_use_is_the_operators_fault() {
        try (RunningServer server = new RunningServer()) {
            ServerOptions taken = ServerOptions.DEFAULT.withPort(server.server.port());

            ConfigException fault =
                    assertThrows(ConfigException.class, () -> MoonglassServer.start(taken));

            assertTrue(fault.getMessage().contains("" + server.server.port()));
        }
    }

    @Test
    void options_that_cannot_be_are_refused() {
        assertThrows(
                ConfigException.class, () -> ServerOptions.DEFAULT.withMaxConcurrentRequests(0));
        assertThrows(ConfigException.class, () -> ServerOptions.DEFAULT.withBodyBudgetBytes(0));
        assertThrows(
                ConfigException.class, () -> ServerOptions.DEFAULT.withBodyTimeout(Duration.ZERO));
        assertThrows(ConfigException.class, () -> ServerOptions.DEFAULT.withPort(65_536));
        assertThrows(ConfigException.class, () -> ServerOptions.DEFAULT.withHost(" "));
        assertThrows(ConfigException.class, () -> ServerOptions.DEFAULT.withMaxBodyBytes(0));
        assertThrows(
                ConfigException.class, () -> ServerOptions.DEFAULT.withStuckAfter(Duration.ZERO));
        assertThrows(
                ConfigException.class,
                () -> ServerOptions.DEFAULT.withRequestTimeout(Duration.ZERO));
        assertEquals("127.0.0.1", ServerOptions.DEFAULT.host());
    }

    private static int status(HttpClient http, URI base, String path) throws Exception {
        return http.send(
                        HttpRequest.newBuilder(base.resolve(path)).build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }
}
