package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A real process on a machine that fails it: requests that need what fails are refused, others are answered, and the
/// log says why, once.
@Timeout(180)
class FaultsTest {

    private static final Path DEMO_MODEL = Path.of(System.getProperty("moonglass.demo-model"));

    @TempDir private Path folder;

    private ServerProcess server(String... arguments) {
        return new ServerProcess(folder, List.of(), List.of(arguments), Map.of());
    }

    @Test
    void a_disk_that_is_full_refuses_uploads_alone_until_there_is_room() throws Exception {
        try (SmallDisk disk = SmallDisk.mountAt(folder.resolve("disk"), 4);
                ServerProcess server = server("--files-dir", disk.folder().toString());
                PlainClient client = new PlainClient(server.address())) {
            CompletableFuture<HttpResponse<String>> other =
                    CompletableFuture.supplyAsync(() -> answered(client));

            HttpResponse<String> refused = client.upload(8 << 20);
            HttpResponse<String> again = client.upload(8 << 20);

            assertEquals(503, refused.statusCode(), refused.body());
            assertEquals("disk_full", PlainClient.code(refused));
            assertTrue(refused.headers().firstValue("Retry-After").isPresent());
            assertEquals("disk_full", PlainClient.code(again));
            assertEquals(List.of(), filesIn(disk.folder()));
            assertEquals(200, other.get().statusCode());
            assertEquals(200, client.get("/health/ready").statusCode());
            assertEquals(200, client.upload(100_000).statusCode());
            assertEquals(1, count("uploaded files cannot be written", server.log()));
            assertEquals(1, count("requests that were refused meanwhile: 2", server.log()));
        }
    }

    @Test
    void a_response_that_the_disk_does_not_take_is_answered_all_the_same() throws Exception {
        try (SmallDisk disk = SmallDisk.mountAt(folder.resolve("disk"), 1);
                ServerProcess server = server("--responses-dir", disk.folder().toString());
                PlainClient client = new PlainClient(server.address())) {
            String question = "{\"input\":\"Hello?\",\"max_output_tokens\":16}";
            assertTrue(
                    PlainClient.json(client.post("/v1/responses", question))
                            .get("store")
                            .asBoolean());
            disk.fillBut(0);

            HttpResponse<String> answer = client.post("/v1/responses", question);
            client.post("/v1/responses", question);

            assertEquals(200, answer.statusCode(), answer.body());
            assertFalse(PlainClient.json(answer).get("store").asBoolean());
            assertEquals(1, count("responses cannot be written", server.log()));
        }
    }

    @Test
    void a_temporary_folder_that_is_full_refuses_only_what_needs_a_file() throws Exception {
        try (SmallDisk disk = SmallDisk.mountAt(folder.resolve("disk"), 1);
                ServerProcess server =
                        new ServerProcess(
                                folder,
                                List.of("-Djava.io.tmpdir=" + disk.folder(), "-XX:-UsePerfData"),
                                List.of(),
                                Map.of());
                PlainClient client = new PlainClient(server.address())) {
            Path filler = disk.fillBut(0);

            HttpResponse<String> refused = client.askGif();

            assertEquals(503, refused.statusCode(), refused.body());
            assertEquals("disk_full", PlainClient.code(refused));
            assertEquals(200, client.askPicture("chart_000").statusCode());
            assertEquals(200, client.askText().statusCode());
            Files.delete(filler);
            HttpResponse<String> good = client.askGif();
            assertEquals(200, good.statusCode(), good.body());
        }
    }

    @Test
    void a_cache_without_room_is_the_operators_fault_and_nothing_half_written_stays()
            throws Exception {
        try (SmallDisk disk = SmallDisk.mountAt(folder.resolve("disk"), 4)) {
            IllegalStateException fault =
                    assertThrows(
                            IllegalStateException.class,
                            () -> server("--weights", "q8", "--cache", disk.folder().toString()));

            assertTrue(fault.getMessage().contains("make room"), fault.getMessage());
            assertEquals(
                    List.of(),
                    filesIn(disk.folder()).stream()
                            .filter(file -> !file.toString().endsWith(".lock"))
                            .toList());
        }
    }

    @Test
    void a_cache_that_is_read_only_gives_what_was_packed_before_and_takes_nothing_else()
            throws Exception {
        try (SmallDisk disk = SmallDisk.mountAt(folder.resolve("disk"), 200)) {
            String cache = disk.folder().toString();
            server("--weights", "q8", "--cache", cache).close();
            disk.makeReadOnly();

            try (ServerProcess server = server("--weights", "q8", "--cache", cache);
                    PlainClient client = new PlainClient(server.address())) {
                assertEquals(200, client.askPicture("chart_000").statusCode());
            }
            IllegalStateException fault =
                    assertThrows(
                            IllegalStateException.class,
                            () -> server("--weights", "q4", "--cache", cache));

            assertTrue(fault.getMessage().contains("Read-only file system"), fault.getMessage());
            assertTrue(fault.getMessage().contains("--cache"), fault.getMessage());
        }
    }

    @Test
    void a_model_whose_folder_is_removed_answers_until_it_is_unloaded() throws Exception {
        Path model = Files.createDirectories(folder.resolve("model"));
        for (Path file : filesIn(DEMO_MODEL)) {
            Files.copy(file, model.resolve(file.getFileName()));
        }
        try (ServerProcess server = server("--model", "moved=" + model, "--operations-port", "0");
                PlainClient client = new PlainClient(server.address());
                PlainClient operator = new PlainClient(server.operationsAddress())) {
            for (Path file : filesIn(model)) {
                Files.delete(file);
            }

            assertEquals(200, client.askPicture("chart_000").statusCode());
            assertEquals(200, operator.post("/v1/models/moved/unload", "").statusCode());
            HttpResponse<String> gone = client.askText();

            assertEquals(503, gone.statusCode(), gone.body());
            assertEquals("model_load_failed", PlainClient.code(gone));
            assertEquals(200, client.get("/health/live").statusCode());
            assertEquals(200, client.get("/v1/models").statusCode());
            assertTrue(server.log().contains("model moved cannot be loaded"), server.log());
        }
    }

    @Test
    void short_memory_refuses_media_alone() throws Exception {
        try (ServerProcess server = server("--memory-reserve", "100000GiB");
                PlainClient client = new PlainClient(server.address())) {
            HttpResponse<String> refused = client.askPicture("chart_000");
            client.askPicture("chart_000");

            assertEquals(429, refused.statusCode(), refused.body());
            assertEquals("memory_pressure", PlainClient.code(refused));
            assertTrue(refused.headers().firstValue("Retry-After").isPresent());
            assertEquals(200, client.askText().statusCode());
            assertEquals(200, client.get("/health/ready").statusCode());
            assertEquals(1, count("memory is short", server.log()));
        }
    }

    @Test
    void a_request_that_there_is_no_heap_for_fails_alone() throws Exception {
        try (ServerProcess server =
                        new ServerProcess(
                                folder,
                                // this collector gives up in bounded time; G1 may try for minutes
                                List.of(
                                        "-XX:-UseG1GC",
                                        "-XX:+UseParallelGC",
                                        "-Xms64m",
                                        "-Xmx112m"),
                                List.of("--max-body-size", "64MiB"),
                                Map.of());
                PlainClient client = new PlainClient(server.address())) {
            HttpResponse<String> refused = client.post("/v1/chat/completions", question(60 << 20));

            assertEquals(503, refused.statusCode(), refused.body());
            assertEquals("out_of_memory", PlainClient.code(refused));
            assertEquals(200, client.askText().statusCode());
            assertEquals(200, client.askPicture("chart_000").statusCode());
            assertEquals(200, client.get("/health/live").statusCode());
            assertEquals(1, count("there was no memory for it", server.log()));
        }
    }

    @Test
    void a_body_over_a_quarter_of_the_heap_is_refused_unread() throws Exception {
        try (ServerProcess server =
                        new ServerProcess(
                                folder, List.of("-Xms64m", "-Xmx112m"), List.of(), Map.of());
                PlainClient client = new PlainClient(server.address())) {
            HttpResponse<String> refused = client.post("/v1/chat/completions", question(60 << 20));

            assertEquals(413, refused.statusCode(), refused.body());
            assertEquals("request_too_large", PlainClient.code(refused));
            assertEquals(200, client.askPicture("chart_000").statusCode());
        }
    }

    private static String question(int numCharacters) {
        return "{\"max_tokens\":4,\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}"
                .formatted("a".repeat(numCharacters));
    }

    private static HttpResponse<String> answered(PlainClient client) {
        try {
            return client.askText();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static int count(String what, String log) {
        return log.split(java.util.regex.Pattern.quote(what), -1).length - 1;
    }

    private static List<Path> filesIn(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }
}
