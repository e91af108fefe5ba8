package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A real process that is asked to end.
@Timeout(180)
class ShutdownTest {

    @TempDir private Path folder;

    private ServerProcess server(String... arguments) throws Exception {
        Path temporary = Files.createDirectories(folder.resolve("tmp"));
        return new ServerProcess(
                folder, List.of("-Djava.io.tmpdir=" + temporary), List.of(arguments), Map.of());
    }

    @Test
    void a_stream_ends_whole_and_the_process_leaves_nothing_and_ends_well() throws Exception {
        try (ServerProcess server = server("--drain-timeout", "60");
                PlainClient client = new PlainClient(server.address())) {
            assertEquals(200, client.askGif().statusCode());
            assertTrue(temporary().anyMatch(name -> name.startsWith("moonglass-media-")));
            InputStream stream = client.beginStream(2_000);

            server.terminate();
            HttpResponse<String> ready = client.get("/health/ready");
            while (ready.statusCode() == 200) {
                ready = client.get("/health/ready");
            }

            assertEquals("server_shutting_down", PlainClient.json(ready).path("reason").asText());
            assertEquals(200, client.get("/health/live").statusCode());
            HttpResponse<String> late = client.askText();
            assertEquals(503, late.statusCode());
            assertEquals("server_shutting_down", PlainClient.code(late));
            assertEquals("close", late.headers().firstValue("Connection").orElse(""));
            String rest = PlainClient.rest(stream);
            assertTrue(rest.endsWith("data: [DONE]\n\n"), rest);
            assertTrue(rest.contains("\"finish_reason\":\"length\""), rest);
            assertEquals(0, server.awaitEnd());
            assertEquals(List.of(), temporary().toList());
            assertTrue(
                    server.log().contains("requests that finished while the server stopped: 1"),
                    server.log());
        }
    }

    @Test
    void what_does_not_end_in_time_is_told_and_the_process_ends_well() throws Exception {
        try (ServerProcess server = server("--drain-timeout", "0.2");
                PlainClient client = new PlainClient(server.address())) {
            InputStream stream = client.beginStream(4_000);

            server.terminate();

            String rest = PlainClient.rest(stream);
            assertTrue(rest.contains("\"code\":\"server_shutting_down\""), rest);
            assertEquals(0, server.awaitEnd());
            assertTrue(server.log().contains("cut off: 1"), server.log());
        }
    }

    @Test
    void a_second_signal_ends_it_at_once() throws Exception {
        try (ServerProcess server = server("--drain-timeout", "3600");
                PlainClient client = new PlainClient(server.address());
                InputStream _ = client.beginStream(4_000)) {
            server.terminate();
            while (!server.log().contains("SIGTERM: stopping")) {
                Thread.sleep(10);
            }

            server.terminate();

            assertEquals(128 + 15, server.awaitEnd());
            assertTrue(server.log().contains("SIGTERM again"), server.log());
        }
    }

    private Stream<String> temporary() throws Exception {
        try (Stream<Path> files = Files.list(folder.resolve("tmp"))) {
            return files
                    .map(file -> file.getFileName().toString())
                    .filter(name -> !name.startsWith("hsperfdata"))
                    .toList()
                    .stream();
        }
    }
}
