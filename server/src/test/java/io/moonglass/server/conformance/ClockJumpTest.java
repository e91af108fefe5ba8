package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A real process whose machine's clock is set while it works, as libfaketime has it.
@Timeout(180)
class ClockJumpTest {

    @TempDir private Path folder;

    @Test
    void a_clock_that_is_set_ends_no_request_and_no_drain() throws Exception {
        Path clock = Files.writeString(folder.resolve("clock"), "+0\n");
        try (ServerProcess server =
                        new ServerProcess(
                                folder,
                                List.of(),
                                List.of("--drain-timeout", "90", "--request-timeout", "120"),
                                Map.of(
                                        "LD_PRELOAD",
                                        library().toString(),
                                        "FAKETIME_TIMESTAMP_FILE",
                                        clock.toString(),
                                        "FAKETIME_NO_CACHE",
                                        "1",
                                        "FAKETIME_DONT_FAKE_MONOTONIC",
                                        "1"));
                PlainClient client = new PlainClient(server.address())) {
            String kept = PlainClient.json(client.upload(1_000)).path("id").asText();
            InputStream stream = client.beginStream(3_000);

            Files.writeString(clock, "+400d\n");
            long then = Instant.now().getEpochSecond() + 300 * 86_400L;
            while (created(client.askText()) < then) {
                Thread.onSpinWait(); // it looks once a second
            }
            assertEquals(200, client.get("/health/ready").statusCode());
            assertEquals(200, client.get("/v1/files/" + kept).statusCode());
            server.terminate();
            Files.writeString(clock, "-400d\n");

            String rest = PlainClient.rest(stream);
            assertTrue(rest.endsWith("data: [DONE]\n\n"), rest);
            assertEquals(0, server.awaitEnd());
            assertTrue(server.log().contains("requests that finished"), server.log());
        }
    }

    private static long created(HttpResponse<String> answer) {
        assertEquals(200, answer.statusCode(), answer.body());
        return PlainClient.json(answer).path("created").asLong();
    }

    /// Skips the test where there is none, but in CI.
    private static Path library() throws Exception {
        List<Path> found = List.of();
        Path root = Path.of("/usr/lib");
        if (Files.isDirectory(root)) {
            try (Stream<Path> files =
                    Files.find(root, 3, (file, _) -> file.endsWith("libfaketimeMT.so.1"))) {
                found = files.toList();
            }
        }
        if (System.getenv("CI") == null) {
            Assumptions.assumeFalse(found.isEmpty(), "needs libfaketime (package faketime)");
        }
        return found.getFirst();
    }
}
