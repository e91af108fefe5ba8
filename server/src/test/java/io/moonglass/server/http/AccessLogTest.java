package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.GOOD_STREAM;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.server.observe.CapturedLog;
import io.moonglass.server.observe.LogFormat;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessLogTest {

    private static final ServerOptions OPTIONS =
            ServerOptions.DEFAULT.withDrainTimeout(Duration.ZERO);

    private final CapturedLog log = new CapturedLog(LogFormat.JSON);

    @AfterEach
    void stopListening() {
        log.close();
    }

    @Test
    void one_line_tells_of_each_request_for_an_answer() throws Exception {
        try (RunningServer server = new RunningServer()) {
            server.send(server.chatAs("one", GOOD));
            server.send(server.chatAs("two", GOOD_STREAM));

            for (String id : List.of("one", "two")) {
                JsonNode line = access(id);
                assertEquals("INFO", line.get("level").textValue());
                assertEquals("POST", line.get("method").textValue());
                assertEquals("/v1/chat/completions", line.get("path").textValue());
                assertEquals(200, line.get("status").intValue());
                assertEquals("completed", line.get("outcome").textValue());
                assertEquals("tiny/model", line.get("model").textValue());
                assertEquals(1, line.get("pictures").intValue());
                assertTrue(line.get("stage_seconds").has("admission"), line::toString);
                assertTrue(line.get("duration_seconds").isNumber());
                assertFalse(line.has("key"));
            }
            assertEquals(2, log.lines().stream().filter(line -> line.contains("\"INFO\"")).count());
        }
    }

    @Test
    void a_refused_request_is_told_with_the_code_of_its_error() throws Exception {
        try (RunningServer server = new RunningServer()) {
            server.send(server.chatAs("bad", "{\"messages\":3}"));

            JsonNode line = access("bad");
            assertEquals(400, line.get("status").intValue());
            assertEquals("invalid", line.get("outcome").textValue());
            assertEquals("invalid_value", line.get("error").textValue());
        }
    }

    @Test
    void a_client_that_left_is_told_as_such() throws Exception {
        try (RunningServer server = new RunningServer()) {
            server.model.script =
                    (_, events, cancelled) -> {
                        events.accept(new GenerationEvent.TextDelta("a"));
                        cancelled.await();
                    };
            HttpResponse<InputStream> answer =
                    server.http.send(
                            server.chatAs("left", GOOD_STREAM).build(),
                            HttpResponse.BodyHandlers.ofInputStream());
            answer.body().read();
            answer.body().close();

            JsonNode line = access("left");
            assertEquals("client_gone", line.get("outcome").textValue());
            assertEquals(200, line.get("status").intValue());
        }
    }

    @Test
    void health_and_metrics_are_for_those_who_look_for_a_fault() throws Exception {
        try (RunningServer server = new RunningServer()) {
            server.get("/health/live");
            server.get("/metrics");

            assertEquals(
                    "DEBUG",
                    RunningServer.json(log.await("\"/health/live\"")).get("level").textValue());
            assertEquals(
                    "DEBUG",
                    RunningServer.json(log.await("\"/metrics\"")).get("level").textValue());
        }
    }

    @Test
    void whose_key_was_sent_is_told_and_the_key_is_not(@TempDir Path folder) throws Exception {
        Path keys = folder.resolve("keys");
        Files.writeString(
                keys, "alice 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b");
        try (RunningServer server = new RunningServer(OPTIONS.withApiKeys(ApiKeys.read(keys)))) {
            server.send(server.chatAs("with", GOOD).header("Authorization", "Bearer secret"));
            server.send(server.chatAs("without", GOOD).header("Authorization", "Bearer wrong"));

            assertEquals("alice", access("with").get("key").textValue());
            assertEquals("invalid_api_key", access("without").get("error").textValue());
            assertFalse(access("without").has("key"));
            assertTrue(log.lines().stream().noneMatch(line -> line.contains("Bearer")));
        }
    }

    @Test
    void what_the_preparing_thread_logs_names_the_request() throws Exception {
        try (RunningServer server = new RunningServer()) {
            System.Logger logger = System.getLogger("io.moonglass.test");
            server.model.beforeGenerate =
                    _ -> logger.log(System.Logger.Level.INFO, "prepared here");
            server.send(
                    server.chatAs("mine", GOOD)
                            .header(
                                    "traceparent",
                                    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));

            JsonNode line = RunningServer.json(log.await("prepared here"));
            assertEquals("mine", line.get("request_id").textValue());
            assertEquals("4bf92f3577b34da6a3ce929d0e0e4736", line.get("trace_id").textValue());
        }
    }

    @Test
    void a_hostile_path_stays_on_its_line_and_its_query_is_not_told() throws Exception {
        try (RunningServer server = new RunningServer()) {
            server.get("/v1/%0d%0aforged?key=hunter2");

            assertEquals(
                    "/v1/\r\nforged",
                    RunningServer.json(log.await("forged")).get("path").textValue());
            assertTrue(log.lines().stream().noneMatch(line -> line.contains("hunter2")));
        }
    }

    @Test
    void what_is_asked_and_answered_is_logged_where_the_operator_wants_it() throws Exception {
        try (RunningServer server = new RunningServer(OPTIONS.withLogPrompts(true))) {
            server.send(server.chatAs("told", GOOD));

            JsonNode line = access("told");
            assertEquals("user: hi\n", line.get("prompt").textValue());
            assertEquals("Good day ☾", line.get("answer").textValue());
        }
    }

    @Test
    void of_a_long_answer_the_beginning_is_logged() throws Exception {
        try (RunningServer server = new RunningServer(OPTIONS.withLogPrompts(true))) {
            server.model.script =
                    (_, events, _) -> {
                        for (int i = 0; i < 40; i++) {
                            events.accept(new GenerationEvent.TextDelta("x".repeat(1_000)));
                        }
                        events.accept(
                                ScriptedModel.finished(io.moonglass.engine.FinishReason.STOP));
                    };
            server.send(server.chatAs("long", GOOD));

            assertEquals(16_384, access("long").get("answer").textValue().length());
        }
    }

    private JsonNode access(String requestId) throws InterruptedException {
        for (int i = 0; i < 2_000; i++) {
            for (String text : log.lines()) {
                JsonNode line = RunningServer.json(text);
                if (line.path("logger").asText().equals("io.moonglass.access")
                        && line.path("request_id").asText().equals(requestId)) {
                    return line;
                }
            }
            Thread.sleep(10);
        }
        throw new AssertionError("nothing is told of " + requestId + ": " + log.lines());
    }
}
