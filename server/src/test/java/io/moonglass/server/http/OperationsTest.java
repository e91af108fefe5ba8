package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.errorCode;
import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.digest.Sha256;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.FlushedCaches;
import io.moonglass.runtime.ModelCache;
import io.moonglass.server.observe.LogLevel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OperationsTest {

    private static final String KEY = "key of the operators";

    @TempDir private Path folder;

    private RunningServer server(UnaryOperator<OperationsOptions> change) {
        return server(ServerOptions.DEFAULT, change);
    }

    private RunningServer server(ServerOptions options, UnaryOperator<OperationsOptions> change) {
        return new RunningServer(
                options.withDrainTimeout(Duration.ZERO)
                        .withOperations(
                                change.apply(
                                        OperationsOptions.onPort(
                                                0, folder.resolve("heap-dumps")))));
    }

    private ApiKeys keys() {
        Path file = folder.resolve("keys");
        String hash =
                HexFormat.of()
                        .formatHex(Sha256.start().digest(KEY.getBytes(StandardCharsets.UTF_8)));
        try {
            return ApiKeys.read(Files.writeString(file, "ops " + hash + "\n"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static HttpRequest.Builder request(RunningServer server, String path) {
        return HttpRequest.newBuilder(
                        URI.create(
                                "http://127.0.0.1:%d%s"
                                        .formatted(
                                                server.server.operationsPort().orElseThrow(),
                                                path)))
                .timeout(Duration.ofSeconds(30));
    }

    private static HttpResponse<String> get(RunningServer server, String path) {
        return server.send(request(server, path).GET());
    }

    private static HttpResponse<String> post(RunningServer server, String path) {
        return server.send(request(server, path).POST(HttpRequest.BodyPublishers.noBody()));
    }

    @Test
    void where_there_is_a_port_for_operators_metrics_and_loading_are_there_alone() {
        try (RunningServer server = server(options -> options)) {
            assertEquals(404, server.get("/metrics").statusCode());
            // a name may have slashes, so this is a model's card, which nobody can post to
            assertEquals(405, server.post("/v1/models/tiny/model/load", "").statusCode());
            assertEquals(405, server.post("/v1/models/tiny/model/unload", "").statusCode());
            assertEquals(404, server.get("/threads").statusCode());
            assertEquals(200, server.get("/v1/models").statusCode());

            assertTrue(get(server, "/metrics").body().contains("moonglass_requests_total"));
            assertEquals(200, get(server, "/v1/models").statusCode());
            assertEquals(200, post(server, "/v1/models/tiny/model/load").statusCode());
            assertEquals(409, post(server, "/v1/models/tiny/model/unload").statusCode());
            assertEquals(404, post(server, "/v1/chat/completions").statusCode());
            for (String path :
                    List.of("/health", "/health/live", "/health/ready", "/health/started")) {
                assertEquals(200, get(server, path).statusCode(), path);
                assertEquals(200, server.get(path).statusCode(), path);
            }
        }
    }

    @Test
    void with_keys_all_but_health_and_metrics_wants_one_and_the_callers_keys_do_not_count() {
        try (RunningServer server = server(options -> options.withKeys(keys()))) {
            for (String path : List.of("/threads", "/log-level", "/v1/models", "/nothing")) {
                assertEquals(401, get(server, path).statusCode(), path);
            }
            assertEquals(401, post(server, "/cache/flush").statusCode());
            assertEquals(401, post(server, "/heap-dump").statusCode());
            assertEquals(200, get(server, "/metrics").statusCode());
            assertEquals(200, get(server, "/health/ready").statusCode());

            HttpResponse<String> withKey =
                    server.send(
                            request(server, "/log-level").header("Authorization", "Bearer " + KEY));
            assertEquals(200, withKey.statusCode());
        }
    }

    @Test
    void an_address_that_others_reach_without_keys_tells_health_and_metrics_alone() {
        try (RunningServer server = server(options -> options.withHost("0.0.0.0"))) {
            assertEquals(200, get(server, "/metrics").statusCode());
            assertEquals(200, get(server, "/health/live").statusCode());

            HttpResponse<String> refused = get(server, "/threads");

            assertEquals(403, refused.statusCode());
            assertEquals("operation_forbidden", errorCode(refused));
            assertTrue(refused.body().contains("--operations-key-file"));
            assertEquals(403, post(server, "/heap-dump").statusCode());
            assertFalse(Files.exists(folder.resolve("heap-dumps")));
        }
    }

    @Test
    void a_web_page_cannot_operate_a_server_on_the_readers_machine() throws Exception {
        try (RunningServer server = server(options -> options)) {
            HttpResponse<String> fromPage =
                    server.send(
                            request(server, "/cache/flush")
                                    .header("Origin", "https://elsewhere.example")
                                    .POST(HttpRequest.BodyPublishers.noBody()));
            assertEquals(403, fromPage.statusCode());

            try (Socket rebound =
                    new Socket("127.0.0.1", server.server.operationsPort().orElseThrow())) {
                rebound.getOutputStream()
                        .write(
                                "GET /threads HTTP/1.1\r\nHost: elsewhere.example:9090\r\nConnection: close\r\n\r\n"
                                        .getBytes(StandardCharsets.US_ASCII));
                String answer =
                        new String(rebound.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                assertTrue(answer.startsWith("HTTP/1.1 403"), answer);
            }
        }
    }

    @Test
    void operators_are_answered_while_the_main_port_is_full() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch mayAnswer = new CountDownLatch(1);
        try (RunningServer server =
                server(ServerOptions.DEFAULT.withMaxConcurrentRequests(1), options -> options)) {
            server.model.script =
                    (request, events, cancelled) -> {
                        asked.countDown();
                        mayAnswer.await();
                        ScriptedModel.hello(request, events, cancelled);
                    };
            Thread caller = Thread.ofVirtual().start(() -> server.chat(GOOD));
            asked.await();
            assertEquals(429, server.chat(GOOD).statusCode());

            assertEquals(200, get(server, "/v1/models").statusCode());
            assertEquals(200, get(server, "/threads").statusCode());
            assertEquals(200, get(server, "/metrics").statusCode());

            mayAnswer.countDown();
            caller.join();
        }
    }

    @Test
    void caches_are_flushed_as_asked() {
        try (RunningServer server = server(options -> options)) {
            server.model.kept = Set.of(ModelCache.PREFIX, ModelCache.ENCODER);

            JsonNode flushed = json(post(server, "/cache/flush?cache=encoder").body());

            assertEquals("tiny/model", flushed.at("/flushed/0/model").textValue());
            assertEquals(0, flushed.at("/flushed/0/prefix_blocks").intValue());
            assertEquals(1_000, flushed.at("/flushed/0/encoder_bytes").intValue());
            assertEquals(
                    new FlushedCaches(7, 1_000).prefixBlocks(),
                    json(post(server, "/cache/flush").body())
                            .at("/flushed/0/prefix_blocks")
                            .intValue());
            assertEquals(400, post(server, "/cache/flush?cache=disk").statusCode());
            assertEquals(405, get(server, "/cache/flush").statusCode());
        }
    }

    @Test
    void the_log_level_is_told_and_set() {
        LogLevel before = LogLevel.get();
        try (RunningServer server = server(options -> options)) {
            HttpResponse<String> set = put(server, "/log-level", "{\"level\":\"warning\"}");

            assertEquals(200, set.statusCode());
            assertEquals("warning", json(get(server, "/log-level").body()).path("level").asText());
            assertEquals(LogLevel.WARNING, LogLevel.get());
            HttpResponse<String> refused = put(server, "/log-level", "{\"level\":\"loud\"}");
            assertEquals(400, refused.statusCode());
            assertEquals(LogLevel.WARNING, LogLevel.get());
            assertEquals(
                    413, put(server, "/log-level", "\"" + "a".repeat(100_000) + "\"").statusCode());
        } finally {
            LogLevel.set(before);
        }
    }

    private static HttpResponse<String> put(RunningServer server, String path, String body) {
        return server.send(
                request(server, path)
                        .header("Content-Type", "application/json")
                        .PUT(HttpRequest.BodyPublishers.ofString(body)));
    }

    @Test
    void threads_are_told_virtual_ones_too() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        Thread waiting =
                Thread.ofVirtual()
                        .name("one-that-waits")
                        .start(() -> {
                            try {
                                end.await();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        });
        try (RunningServer server = server(options -> options)) {
            assertTrue(get(server, "/threads").body().contains("one-that-waits"));
            JsonNode threads = json(get(server, "/threads?format=json").body());
            assertTrue(threads.has("threadDump"));
            assertTrue(threads.toString().contains("one-that-waits"));
            assertEquals(400, get(server, "/threads?format=xml").statusCode());
        } finally {
            end.countDown();
            waiting.join();
        }
    }

    @Test
    void a_heap_dump_is_written_where_nobody_else_can_read_it_and_few_are_kept() throws Exception {
        try (RunningServer server = server(options -> options)) {
            JsonNode first = json(post(server, "/heap-dump").body());
            Path dump = Path.of(first.path("path").textValue());
            for (int year = 2000; year < 2005; year++) {
                Files.createFile(
                        dump.resolveSibling("heap-%d0101T000000.000Z.hprof".formatted(year)));
            }
            Files.createFile(dump.resolveSibling("part-heap-20050101T000000.000Z.hprof"));

            post(server, "/heap-dump");

            assertEquals(Files.size(dump), first.path("bytes").longValue());
            assertTrue(Files.size(dump) > 1_000_000);
            try (Stream<Path> dumps = Files.list(dump.getParent())) {
                List<String> kept =
                        dumps.map(file -> file.getFileName().toString()).sorted().toList();
                assertEquals(3, kept.size());
                assertEquals("heap-20040101T000000.000Z.hprof", kept.getFirst());
            }
            assertEquals(
                    "rwx------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(dump.getParent())));
        }
    }

    @Test
    void the_configuration_is_told_as_yaml() {
        try (RunningServer server =
                server(options -> options.withConfiguration(() -> "server:\n  port: 1\n"))) {
            HttpResponse<String> told = get(server, "/config");

            assertEquals("server:\n  port: 1\n", told.body());
            assertEquals(
                    "application/yaml", told.headers().firstValue("Content-Type").orElseThrow());
        }
    }

    @Test
    void a_busy_operations_port_is_the_operators_fault_and_nothing_stays_open() {
        try (RunningServer server = server(options -> options)) {
            int taken = server.server.operationsPort().orElseThrow();
            ServerOptions options =
                    ServerOptions.DEFAULT
                            .withPort(0)
                            .withOperations(OperationsOptions.onPort(taken, folder));

            ConfigException fault =
                    assertThrows(ConfigException.class, () -> MoonglassServer.start(options));

            assertTrue(fault.getMessage().contains("" + taken));
            assertTrue(fault.getMessage().contains("operations"));
        }
    }
}
