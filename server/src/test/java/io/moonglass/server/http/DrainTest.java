package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.errorCode;
import static io.moonglass.server.http.RunningServer.rawChat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.server.files.FileStoreOptions;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DrainTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir private Path folder;
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch mayAnswer = new CountDownLatch(1);

    private RunningServer server(Duration drainTimeout) {
        RunningServer server =
                new RunningServer(
                        ServerOptions.DEFAULT
                                .withDrainTimeout(drainTimeout)
                                .withFiles(
                                        new FileStoreOptions(
                                                folder, 64 << 20, 10, 16 << 20, Optional.empty())));
        server.model.script =
                (request, events, cancelled) -> {
                    asked.countDown();
                    mayAnswer.await();
                    ScriptedModel.hello(request, events, cancelled);
                };
        return server;
    }

    @Test
    void a_new_request_is_refused_and_its_connection_closed_while_one_that_runs_finishes()
            throws Exception {
        RunningServer server = server(LONG);
        try (Socket running = server.socket();
                Socket kept = server.socket()) {
            write(kept, "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n");
            readUntil(kept, "]}"); // so that it waits for its next request
            write(running, rawChat(GOOD));
            asked.await();
            Thread closing = stop(server);

            write(kept, rawChat(GOOD));
            String refused = readUntil(kept, "\0never");
            assertTrue(refused.startsWith("HTTP/1.1 503"), refused);
            assertTrue(refused.toLowerCase().contains("connection: close"), refused);
            assertTrue(refused.contains("\"code\":\"server_shutting_down\""), refused);

            mayAnswer.countDown();
            String answer = readUntil(running, "\0never");
            closing.join();
            assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
            assertTrue(answer.toLowerCase().contains("connection: close"), answer);
            assertTrue(answer.contains("Good day"), answer);
        }
    }

    @Test
    void a_request_whose_body_still_comes_is_answered() throws Exception {
        RunningServer server = server(LONG);
        mayAnswer.countDown();
        try (Socket half = server.socket()) {
            String whole = rawChat(GOOD);
            write(half, whole.substring(0, whole.length() - 10));
            awaitOpen(server, half);
            Thread closing = stop(server);

            write(half, whole.substring(whole.length() - 10));

            String answer = readUntil(half, "\0never");
            closing.join();
            assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
        }
    }

    @Test
    void an_upload_that_takes_longer_than_there_is_time_is_told_and_leaves_nothing()
            throws Exception {
        RunningServer server = server(Duration.ofMillis(100));
        try (Socket uploading = server.socket()) {
            write(
                    uploading,
                    "POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9999\r\n\r\n"
                            + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nsome");
            while (files().isEmpty()) {
                Thread.onSpinWait();
            }

            server.close();

            String answer = readUntil(uploading, "\0never");
            assertTrue(answer.startsWith("HTTP/1.1 503"), answer);
            assertTrue(answer.contains("\"code\":\"server_shutting_down\""), answer);
            assertEquals(List.of(), files());
        }
    }

    @Test
    void a_request_that_waits_for_its_turn_is_told_when_the_time_is_over() throws Exception {
        RunningServer server = server(Duration.ofMillis(100));
        server.model.beforeGenerate =
                abandoned -> {
                    asked.countDown();
                    while (!abandoned.getAsBoolean()) {
                        Thread.sleep(5);
                    }
                };
        try (Socket waiting = server.socket()) {
            write(waiting, rawChat(GOOD));
            asked.await();

            server.close();

            String answer = readUntil(waiting, "\0never");
            assertTrue(answer.startsWith("HTTP/1.1 503"), answer);
            assertTrue(answer.contains("\"code\":\"server_shutting_down\""), answer);
        }
    }

    @Test
    void operators_are_answered_to_the_end() throws Exception {
        RunningServer server = server(LONG);
        Thread caller = Thread.ofVirtual().start(() -> server.chat(GOOD));
        asked.await();
        Thread closing = stop(server);

        assertEquals(200, server.get("/metrics").statusCode());
        HttpResponse<String> late = server.chat(GOOD);
        assertEquals(503, late.statusCode());
        assertEquals("server_shutting_down", errorCode(late));

        mayAnswer.countDown();
        caller.join();
        closing.join();
    }

    /// Returns when the server has begun to stop.
    private static Thread stop(RunningServer server) {
        Thread closing = Thread.ofVirtual().start(server::close);
        while (server.get("/health/ready").statusCode() == 200) {
            Thread.onSpinWait();
        }
        return closing;
    }

    /// Returns when the server reads the body: it answers a client that asks whether to send it.
    private static void awaitOpen(RunningServer server, Socket half) throws Exception {
        Thread.sleep(200); // nothing tells of it; if it were too short, the test would fail
        assertEquals(200, server.get("/health/live").statusCode());
        assertTrue(half.isConnected());
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
    }

    private static String readUntil(Socket socket, String mark) throws IOException {
        StringBuilder text = new StringBuilder();
        while (text.indexOf(mark, Math.max(0, text.length() - mark.length())) < 0) {
            int next = socket.getInputStream().read();
            if (next < 0) {
                break;
            }
            text.append((char) next);
        }
        return text.toString();
    }
}
