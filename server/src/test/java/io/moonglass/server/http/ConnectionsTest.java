package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.GOOD_STREAM;
import static io.moonglass.server.http.RunningServer.json;
import static io.moonglass.server.http.RunningServer.rawChat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.GenerationEvent;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What happens to a generation when its client leaves, sleeps or sends the next request, and to all
/// of them when the server stops.
class ConnectionsTest {

    private final CountDownLatch started = new CountDownLatch(1);
    private final RunningServer server =
            new RunningServer(
                    ServerOptions.DEFAULT
                            .withPingInterval(Duration.ofMillis(20))
                            .withDrainTimeout(Duration.ZERO));

    @AfterEach
    void a_good_request_works_after_it() {
        try (server) {
            server.model.script = ScriptedModel::hello;
            assertEquals(200, server.chat(GOOD).statusCode());
        }
    }

    /// Says nothing until it is cancelled.
    private void silent(
            ChatRequest request, Consumer<GenerationEvent> events, CountDownLatch cancelled)
            throws InterruptedException {
        started.countDown();
        cancelled.await();
        events.accept(ScriptedModel.finished(FinishReason.CANCELLED));
    }

    @ParameterizedTest
    @ValueSource(strings = {GOOD, GOOD_STREAM})
    void a_client_that_leaves_during_a_silence_ends_the_generation(String body) throws Exception {
        // no comment is written in all this time: the closed end alone must tell
        try (RunningServer quiet = new RunningServer()) {
            quiet.model.script = this::silent;
            try (Socket socket = quiet.socket()) {
                write(socket, rawChat(body));
                assertTrue(started.await(10, TimeUnit.SECONDS));
            }

            assertTrue(quiet.model.wasCancelledWithin(10));
        }
    }

    @Test
    void a_client_that_leaves_in_mid_stream_ends_the_generation() throws Exception {
        server.model.script =
                (request, events, cancelled) -> {
                    while (!cancelled.await(1, TimeUnit.MILLISECONDS)) {
                        events.accept(new GenerationEvent.TextDelta("more "));
                    }
                };
        try (Socket socket = server.socket()) {
            write(socket, rawChat(GOOD_STREAM));
            assertTrue(readUntil(socket, "more").startsWith("HTTP/1.1 200"));
        }

        assertTrue(server.model.wasCancelledWithin(10));
    }

    @Test
    void a_client_that_left_before_the_prompt_was_ready_ends_the_generation() throws Exception {
        CountDownLatch clientLeft = new CountDownLatch(1);
        server.model.beforeGenerate =
                _ -> {
                    started.countDown();
                    clientLeft.await();
                };
        server.model.script = this::silent;
        try (Socket socket = server.socket()) {
            write(socket, rawChat(GOOD));
            assertTrue(started.await(10, TimeUnit.SECONDS));
        }
        clientLeft.countDown();

        assertTrue(server.model.wasCancelledWithin(10));
        server.model.beforeGenerate = _ -> {};
    }

    @Test
    void what_is_refused_of_a_head_is_not_taken_for_the_next_answer() throws Exception {
        try (Socket socket = server.socket()) {
            write(
                    socket,
                    "HEAD /v1/models HTTP/1.1\r\nHost: x\r\n\r\n"
                            + "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

            String answers = readUntil(socket, "UP");

            assertTrue(answers.startsWith("HTTP/1.1 405"), answers);
            assertFalse(answers.contains("method_not_allowed"), answers);
        }
    }

    @Test
    void a_silent_stream_is_kept_open_with_comments() throws Exception {
        server.model.script = this::silent;
        try (Socket socket = server.socket()) {
            write(socket, rawChat(GOOD_STREAM));

            assertTrue(readUntil(socket, ": ping").contains("\"role\":\"assistant\""));
        }
    }

    @Test
    void a_reader_that_stands_still_is_given_up() throws Exception {
        CountDownLatch readingStopped = new CountDownLatch(1);
        server.model.script =
                (request, events, cancelled) -> {
                    // more than the sockets' buffers hold, so that the writer is stuck in it
                    events.accept(new GenerationEvent.TextDelta("x".repeat(64 << 20)));
                    readingStopped.await();
                    for (int i = 0; i <= GenerationEvents.MAX_WAITING; i++) {
                        events.accept(new GenerationEvent.TextDelta("more"));
                    }
                    started.countDown();
                };
        try (Socket socket = server.socket()) {
            write(socket, rawChat(GOOD_STREAM));
            readUntil(socket, "xxxx");
            readingStopped.countDown();

            assertTrue(started.await(30, TimeUnit.SECONDS), "the engine's thread must not wait");
            assertTrue(server.model.wasCancelledWithin(30));
        }
    }

    @Test
    void a_connection_carries_one_request_after_the_other() throws Exception {
        try (Socket socket = server.socket()) {
            for (int i = 0; i < 3; i++) {
                write(socket, rawChat(GOOD));
                assertTrue(readUntil(socket, "total_tokens").startsWith("HTTP/1.1 200"));
                readUntil(socket, "}}");
                write(socket, rawChat(GOOD_STREAM));
                assertTrue(readUntil(socket, "0\r\n\r\n").contains("data: [DONE]"));
            }
        }
    }

    @Test
    void requests_sent_ahead_are_answered_in_turn() throws Exception {
        try (Socket socket = server.socket()) {
            write(socket, (rawChat(GOOD_STREAM)).repeat(5));

            for (int i = 0; i < 5; i++) {
                assertTrue(readUntil(socket, "0\r\n\r\n").contains("data: [DONE]"));
            }
        }
    }

    @Test
    void a_fault_in_mid_stream_is_told_and_ends_it_without_done() {
        server.model.script =
                (request, events, _) -> {
                    events.accept(new GenerationEvent.TextDelta("so far"));
                    events.accept(
                            new GenerationEvent.Failed(new IllegalStateException("secret inside")));
                };

        HttpResponse<String> response = server.chat(GOOD_STREAM);

        assertEquals(200, response.statusCode());
        assertFalse(response.body().contains("[DONE]"));
        assertFalse(response.body().contains("secret"));
        String last = response.body().strip().lines().reduce((_, line) -> line).orElseThrow();
        assertEquals(
                "internal_error",
                json(last.substring("data: ".length())).get("error").get("code").textValue());
        assertEquals(500, server.chat(GOOD).statusCode());
    }

    @Test
    void a_body_that_never_ends_harms_no_other_request() throws Exception {
        try (Socket half = server.socket()) {
            write(half, rawChat(GOOD).substring(0, 120));
            try (Socket cut = server.socket()) {
                write(cut, rawChat(GOOD).substring(0, 120));
            }

            assertEquals(200, server.chat(GOOD).statusCode());
        }
    }

    @Test
    void the_callers_request_id_comes_back() {
        HttpResponse<String> response =
                server.send(server.request("/health").header("X-Request-Id", "order-66_a.b:c/d"));

        assertEquals("order-66_a.b:c/d", requestId(response));
    }

    @ParameterizedTest
    @ValueSource(strings = {"two words", "tab\tstop", "ümlaut"})
    void a_request_id_that_cannot_stand_in_a_log_is_replaced(String id) throws Exception {
        try (Socket socket = server.socket()) {
            write(socket, "GET /health HTTP/1.1\r\nHost: x\r\nX-Request-Id: " + id + "\r\n\r\n");

            String head = readUntil(socket, "}");
            assertFalse(head.contains(id), head);
            assertTrue(head.contains("X-Request-Id: "), head);
        }
    }

    @Test
    void a_request_id_that_is_too_long_is_replaced() {
        String longest = "a".repeat(128);

        assertEquals(
                longest,
                requestId(server.send(server.request("/health").header("X-Request-Id", longest))));
        assertEquals(
                32,
                requestId(
                                server.send(
                                        server.request("/health")
                                                .header("X-Request-Id", longest + "a")))
                        .length());
        assertNotEquals(requestId(server.get("/health")), requestId(server.get("/health")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\rEvil: 1", "a\nEvil: 1", "a\r\n Evil: 1", "a\u0000Evil: 1"})
    void a_request_id_cannot_smuggle_a_header_in(String id) throws Exception {
        try (Socket socket = server.socket()) {
            write(
                    socket,
                    "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: "
                            + id
                            + "\r\n\r\n");

            String answer = readUntil(socket, "\0never");
            assertFalse(answer.contains("Evil"), answer);
            assertTrue(answer.matches("(?s)HTTP/1.1 (200|400) .*"), answer);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense\r\n\r\n",
                "GET /health HTTP/1.1\r\n\r\n",
                "GET /health HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
                "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
                "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
                "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
                "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            })
    void what_is_no_http_is_refused_in_the_shape_of_every_error(String request) throws Exception {
        try (Socket socket = server.socket()) {
            write(socket, request);

            String answer = readUntil(socket, "\0never");
            assertTrue(answer.startsWith("HTTP/1.1 4"), answer);
            String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
            assertEquals(4, json(body).get("error").size(), answer);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 999999999", "Transfer-Encoding: chunked"})
    void a_client_still_sending_a_body_too_large_gets_to_read_why(String framing) throws Exception {
        int limit = ServerOptions.DEFAULT.maxBodyBytes();
        try (Socket socket = server.socket()) {
            write(
                    socket,
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n%x\r\n"
                            .formatted(framing, limit + 1));
            byte[] block = new byte[1 << 20];
            for (int sent = 0; sent < 8 << 20; sent += block.length) {
                socket.getOutputStream().write(block);
            }

            assertTrue(readUntil(socket, "request_too_large").startsWith("HTTP/1.1 413"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ffffff", "zz", "-1"})
    void the_rest_of_a_refused_body_is_no_request(String chunkLength) throws Exception {
        String hidden = "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n";
        try (RunningServer small =
                        new RunningServer(ServerOptions.DEFAULT.withMaxBodyBytes(1_000));
                Socket socket = small.socket()) {
            write(
                    socket,
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + chunkLength
                            + "\r\n"
                            + hidden);
            socket.shutdownOutput();

            String answers = readUntil(socket, "\0never");
            assertTrue(answers.startsWith("HTTP/1.1 4"), answers);
            assertEquals(2, answers.split("HTTP/1.1 [0-9]", -1).length, answers);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {GOOD, GOOD_STREAM})
    void a_connection_is_closed_where_the_client_asks_for_it(String body) throws Exception {
        try (Socket socket = server.socket()) {
            write(socket, rawChat(body).replace("Host: x", "Host: x\r\nConnection: close"));

            assertTrue(readUntil(socket, "\0never").startsWith("HTTP/1.1 200"));
        }
    }

    @Test
    void a_header_block_without_end_is_refused() throws Exception {
        try (Socket socket = server.socket()) {
            write(
                    socket,
                    "GET /health HTTP/1.1\r\nHost: x\r\nX: " + "a".repeat(20_000) + "\r\n\r\n");

            String answer = readUntil(socket, "\0never");
            assertTrue(answer.matches("(?s)HTTP/1.1 4.*\"error\".*"), answer);
        }
    }

    @Test
    void a_stopping_server_tells_those_it_cuts_off() throws Exception {
        RunningServer stopping =
                new RunningServer(ServerOptions.DEFAULT.withDrainTimeout(Duration.ofMillis(1)));
        stopping.model.script = this::silent;
        try (Socket socket = stopping.socket()) {
            write(socket, rawChat(GOOD_STREAM));
            assertTrue(started.await(10, TimeUnit.SECONDS));

            stopping.close();

            assertTrue(readUntil(socket, "\0never").contains("\"code\":\"server_shutting_down\""));
            assertTrue(stopping.model.wasCancelledWithin(10));
        }
    }

    @Test
    void a_stopping_server_lets_running_answers_finish() throws Exception {
        CountDownLatch stopAsked = new CountDownLatch(1);
        RunningServer stopping =
                new RunningServer(ServerOptions.DEFAULT.withDrainTimeout(Duration.ofSeconds(30)));
        stopping.model.script =
                (request, events, cancelled) -> {
                    started.countDown();
                    stopAsked.await();
                    ScriptedModel.hello(request, events, cancelled);
                };
        try (Socket socket = stopping.socket()) {
            write(socket, rawChat(GOOD_STREAM));
            assertTrue(started.await(10, TimeUnit.SECONDS));
            Thread closing = Thread.ofVirtual().start(stopping::close);
            while (stopping.get("/health/ready").statusCode() == 200) {
                Thread.onSpinWait();
            }
            HttpResponse<String> late = stopping.chat(GOOD);
            stopAsked.countDown();

            assertTrue(readUntil(socket, "0\r\n\r\n").contains("data: [DONE]"));
            closing.join();
            assertEquals(503, late.statusCode());
            assertTrue(late.headers().firstValue("Retry-After").isPresent());
        }
    }

    private static String requestId(HttpResponse<String> response) {
        return response.headers().firstValue("X-Request-Id").orElseThrow();
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        socket.getOutputStream().flush();
    }

    /// What comes up to and including `mark`, or to the end of the connection.
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
