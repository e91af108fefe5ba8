package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class HealthTest {

    @Test
    void a_server_has_started_once_it_has_its_model_and_that_stays_so() throws Exception {
        try (HttpClient http = HttpClient.newHttpClient();
                ScriptedModel model = new ScriptedModel();
                MoonglassServer server = MoonglassServer.start(ServerOptions.DEFAULT.withPort(0))) {
            URI base = URI.create("http://127.0.0.1:" + server.port());

            assertDown("model_loading", ask(http, base, "/health/started"));
            assertDown("model_loading", ask(http, base, "/health/ready"));
            assertEquals(200, ask(http, base, "/health/live").statusCode());

            server.serve(model);
            model.statistics = ScriptedModel.without(Duration.ofDays(1)); // stuck

            assertEquals(200, ask(http, base, "/health/started").statusCode());
            assertDown("engine_stuck", ask(http, base, "/health/ready"));
            assertEquals(200, ask(http, base, "/health/live").statusCode());
        }
    }

    @Test
    void a_stopping_server_is_not_ready_but_alive_and_has_started() throws Exception {
        CountDownLatch mayAnswer = new CountDownLatch(1);
        CountDownLatch asked = new CountDownLatch(1);
        RunningServer server =
                new RunningServer(ServerOptions.DEFAULT.withDrainTimeout(Duration.ofSeconds(30)));
        server.model.script =
                (request, events, cancelled) -> {
                    asked.countDown();
                    mayAnswer.await();
                    ScriptedModel.hello(request, events, cancelled);
                };
        Thread caller = Thread.ofVirtual().start(() -> server.chat(GOOD));
        asked.await();

        Thread closing = Thread.ofVirtual().start(server::close);
        HttpResponse<String> ready = server.get("/health/ready");
        while (ready.statusCode() == 200) {
            ready = server.get("/health/ready");
        }

        assertDown("server_shutting_down", ready);
        assertEquals(200, server.get("/health/live").statusCode());
        assertEquals(200, server.get("/health/started").statusCode());
        mayAnswer.countDown();
        caller.join();
        closing.join();
    }

    @Test
    void a_busy_server_is_ready() throws Exception {
        CountDownLatch mayAnswer = new CountDownLatch(1);
        CountDownLatch asked = new CountDownLatch(1);
        try (RunningServer server =
                new RunningServer(ServerOptions.DEFAULT.withMaxConcurrentRequests(1))) {
            server.model.script =
                    (request, events, cancelled) -> {
                        asked.countDown();
                        mayAnswer.await();
                        ScriptedModel.hello(request, events, cancelled);
                    };
            Thread caller = Thread.ofVirtual().start(() -> server.chat(GOOD));
            asked.await();

            assertEquals(429, server.chat(GOOD).statusCode());
            assertEquals(200, server.get("/health/ready").statusCode());

            mayAnswer.countDown();
            caller.join();
        }
    }

    private static void assertDown(String reason, HttpResponse<String> response) {
        JsonNode body = json(response.body());
        assertEquals(503, response.statusCode());
        assertEquals("DOWN", body.path("status").textValue());
        assertEquals(reason, body.path("reason").textValue());
        assertTrue(response.headers().firstValue("Retry-After").isPresent());
    }

    private static HttpResponse<String> ask(HttpClient http, URI base, String path)
            throws Exception {
        return http.send(
                HttpRequest.newBuilder(base.resolve(path)).build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
