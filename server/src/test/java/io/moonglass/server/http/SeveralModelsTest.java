package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.server.models.ModelPool;
import io.moonglass.server.models.ModelSource;
import io.moonglass.server.models.PoolOptions;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SeveralModelsTest {

    private final CountDownLatch mayLoad = new CountDownLatch(1);
    private final RunningServer server = new RunningServer();
    private final ModelPool pool =
            new ModelPool(
                    List.of(
                            new ModelSource("a", 10, ScriptedModel::new),
                            new ModelSource("org/b", 10, ScriptedModel::new),
                            new ModelSource("broken", 10, SeveralModelsTest::loadBadly),
                            new ModelSource("slow", 10, this::loadSlowly)),
                    PoolOptions.UNLIMITED,
                    InstantSource.system());

    SeveralModelsTest() {
        server.server.serve(pool);
    }

    @AfterEach
    void stop() {
        mayLoad.countDown();
        server.close();
        pool.close();
    }

    private static ScriptedModel loadBadly() {
        throw new IllegalStateException("secret");
    }

    private ScriptedModel loadSlowly() {
        try {
            mayLoad.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return new ScriptedModel();
    }

    @Test
    void all_are_listed_with_how_they_stand() {
        assertEquals(200, ask("org/b").statusCode());

        JsonNode list = json(server.get("/v1/models").body());

        assertEquals(List.of("a", "org/b", "broken", "slow"), list.findValuesAsText("id"));
        assertEquals(
                List.of("unloaded", "loaded", "unloaded", "unloaded"),
                list.findValuesAsText("state"));
        assertTrue(list.at("/data/0/max_model_len").isMissingNode());
        assertEquals(
                4096, json(server.get("/v1/models/org/b").body()).get("max_model_len").intValue());
    }

    @Test
    void a_request_gets_the_model_it_names_and_the_first_if_it_names_none() {
        assertEquals(200, ask("a").statusCode());
        assertEquals(200, server.chat(RunningServer.GOOD).statusCode());

        HttpResponse<String> unknown = ask("c");

        assertEquals(404, unknown.statusCode());
        String message = json(unknown.body()).at("/error/message").textValue();
        assertTrue(message.contains("want \"a\" or \"org/b\" or \"broken\" or \"slow\""), message);
    }

    @Test
    void an_operator_loads_and_unloads() {
        assertEquals("loaded", json(post("/v1/models/org/b/load").body()).get("state").textValue());
        assertEquals(
                "unloaded", json(post("/v1/models/org/b/unload").body()).get("state").textValue());
        assertEquals(404, post("/v1/models/x/load").statusCode());
    }

    @Test
    void a_model_that_cannot_be_loaded_harms_no_other() {
        HttpResponse<String> response = ask("broken");

        assertEquals(503, response.statusCode());
        assertEquals("model_load_failed", RunningServer.errorCode(response));
        assertTrue(response.headers().firstValue("Retry-After").isPresent());
        assertTrue(!response.body().contains("secret"));
        assertEquals(200, ask("a").statusCode());
    }

    @Test
    void a_request_that_waits_for_its_model_can_be_cancelled() {
        CompletableFuture<HttpResponse<String>> waiting =
                CompletableFuture.supplyAsync(
                        () -> server.send(server.chatAs("x", question("slow"))));
        while (server.send(server.request("/v1/requests/x").DELETE()).statusCode() != 200) {
            Thread.onSpinWait();
        }

        assertEquals("request_cancelled", RunningServer.errorCode(waiting.join()));
        mayLoad.countDown();
        assertEquals(200, ask("slow").statusCode());
    }

    @Test
    void a_client_that_leaves_while_its_model_is_loaded_holds_no_place() throws Exception {
        try (Socket socket = server.socket()) {
            socket.getOutputStream()
                    .write(
                            RunningServer.rawChat(question("slow"))
                                    .getBytes(StandardCharsets.UTF_8));
            waitFor("moonglass_requests_running 1.0");
        }

        waitFor("moonglass_requests_total{outcome=\"client_gone\"} 1.0");
        waitFor("moonglass_requests_running 0.0");
    }

    private void waitFor(String metric) throws InterruptedException {
        for (int i = 0; i < 1_000; i++) {
            if (server.get("/metrics").body().lines().anyMatch(metric::equals)) {
                return;
            }
            Thread.sleep(10);
        }
        fail(metric + " is not in\n" + server.get("/metrics").body());
    }

    private static String question(String model) {
        return "{\"model\":\"" + model + "\"," + RunningServer.GOOD.substring(1);
    }

    private HttpResponse<String> ask(String model) {
        return server.chat(question(model));
    }

    private HttpResponse<String> post(String path) {
        return server.send(server.request(path).POST(HttpRequest.BodyPublishers.noBody()));
    }
}
