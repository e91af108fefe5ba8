package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.CHAT;
import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.GOOD_STREAM;
import static io.moonglass.server.http.RunningServer.json;
import static io.moonglass.server.http.RunningServer.rawChat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.OverloadedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// More than the server takes on at once is refused in words, and harms nobody else.
class OverloadTest {

    private static final int MIB = 1 << 20;
    private static final ServerOptions OPTIONS =
            ServerOptions.DEFAULT
                    .withDrainTimeout(Duration.ZERO)
                    .withBodyBudgetTimeout(Duration.ZERO);

    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);

    /// Answers when the test says so.
    private void held(
            ChatRequest request, Consumer<GenerationEvent> events, CountDownLatch cancelled)
            throws InterruptedException {
        started.countDown();
        goOn.await();
        ScriptedModel.hello(request, events, cancelled);
    }

    @Test
    void a_request_too_many_is_refused_and_operators_are_answered() throws Exception {
        try (RunningServer server = new RunningServer(OPTIONS.withMaxConcurrentRequests(1))) {
            server.model.script = this::held;
            CompletableFuture<HttpResponse<String>> first =
                    CompletableFuture.supplyAsync(() -> server.chat(GOOD));
            assertTrue(started.await(10, TimeUnit.SECONDS));

            overloaded(server.chat(GOOD));
            overloaded(server.get("/v1/models"));
            for (String path :
                    new String[] {"/health", "/health/live", "/health/ready", "/metrics"}) {
                assertEquals(200, server.get(path).statusCode());
            }

            goOn.countDown();
            assertEquals(200, first.join().statusCode());
            answersSoon(server, GOOD);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "7000, 7", "7001, 8", "600000, 600"})
    void a_full_queue_is_told_with_the_seconds_until_there_is_room(long millis, String seconds) {
        try (RunningServer server = new RunningServer(OPTIONS)) {
            server.model.refusal =
                    new OverloadedException("9 tokens wait", Duration.ofMillis(millis));
            for (String body : new String[] {GOOD, GOOD_STREAM}) {
                HttpResponse<String> response = server.chat(body);

                assertEquals(429, response.statusCode(), response.body());
                JsonNode error = json(response.body()).get("error");
                assertEquals("queue_full", error.get("code").textValue());
                assertEquals("rate_limit_exceeded", error.get("type").textValue());
                assertEquals("9 tokens wait", error.get("message").textValue());
                assertEquals(seconds, response.headers().firstValue("Retry-After").orElseThrow());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bodies_that_fill_the_memory_are_refused_until_it_is_given_back(boolean lengthIsTold)
            throws Exception {
        ServerOptions options = OPTIONS.withMaxBodyBytes(4 * MIB).withBodyBudgetBytes(4 * MIB);
        try (RunningServer server = new RunningServer(options)) {
            server.model.script = this::held;
            CompletableFuture<HttpResponse<String>> first =
                    CompletableFuture.supplyAsync(() -> send(server, padded(3 * MIB), true));
            assertTrue(started.await(10, TimeUnit.SECONDS));

            overloaded(send(server, padded(2 * MIB), lengthIsTold));
            server.model.script = ScriptedModel::hello;
            assertEquals(200, server.chat(GOOD).statusCode(), "small bodies need no memory");
            assertEquals(200, server.chat(padded(MIB)).statusCode(), "what is left is enough");

            goOn.countDown();
            assertEquals(200, first.join().statusCode());
            answersSoon(server, padded(4 * MIB));
        }
    }

    @Test
    void a_body_waits_for_another_to_give_its_memory_back() throws Exception {
        ServerOptions options =
                OPTIONS.withMaxBodyBytes(2 * MIB)
                        .withBodyBudgetBytes(2 * MIB)
                        .withBodyBudgetTimeout(Duration.ofSeconds(30));
        try (RunningServer server = new RunningServer(options)) {
            server.model.script = this::held;
            CompletableFuture<HttpResponse<String>> first =
                    CompletableFuture.supplyAsync(() -> server.chat(padded(2 * MIB)));
            assertTrue(started.await(10, TimeUnit.SECONDS));
            CompletableFuture<HttpResponse<String>> second =
                    CompletableFuture.supplyAsync(() -> server.chat(padded(2 * MIB)));
            goOn.countDown();

            assertEquals(200, first.join().statusCode());
            assertEquals(200, second.join().statusCode());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void one_body_of_the_largest_size_is_read_however_small_the_budget(boolean lengthIsTold) {
        ServerOptions options = OPTIONS.withMaxBodyBytes(3 * MIB).withBodyBudgetBytes(1);
        try (RunningServer server = new RunningServer(options)) {
            for (int i = 0; i < 3; i++) {
                HttpResponse<String> response = send(server, padded(3 * MIB), lengthIsTold);
                assertEquals(200, response.statusCode(), response.body());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Content-Length: 999\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n999\r\n"})
    void a_body_that_comes_too_slowly_ends_with_its_slot_given_back(String start) throws Exception {
        ServerOptions options =
                OPTIONS.withBodyTimeout(Duration.ofMillis(300)).withMaxConcurrentRequests(1);
        try (RunningServer server = new RunningServer(options);
                Socket socket = server.socket()) {
            write(socket, "POST %s HTTP/1.1\r\nHost: x\r\n%s".formatted(CHAT, start));
            // a byte now and then keeps no place
            Thread trickle =
                    Thread.ofVirtual()
                            .start(() -> {
                                try {
                                    while (true) {
                                        write(socket, " ");
                                        Thread.sleep(20);
                                    }
                                } catch (IOException | InterruptedException e) {
                                    // the server has closed the connection, as it should
                                }
                            });

            String answer = readUntil(socket, "}}");
            assertTrue(answer.startsWith("HTTP/1.1 408"), answer);
            assertTrue(answer.contains("Connection: close"), answer);
            String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
            assertEquals("request_timeout", json(body).get("error").get("code").textValue());
            answersSoon(server, GOOD);
            trickle.interrupt();
            trickle.join();
        }
    }

    @Test
    void a_body_in_pieces_that_comes_in_time_is_read() throws Exception {
        try (RunningServer server = new RunningServer(OPTIONS);
                Socket socket = server.socket()) {
            for (char c : rawChat(GOOD).toCharArray()) {
                write(socket, String.valueOf(c));
                Thread.yield();
            }

            assertTrue(readUntil(socket, "}}").startsWith("HTTP/1.1 200"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/nothing", "/v1/models", "/health"})
    void a_body_that_nobody_reads_ends_the_connection(String path) throws Exception {
        try (RunningServer server = new RunningServer(OPTIONS);
                Socket socket = server.socket()) {
            write(
                    socket,
                    "GET %s HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".formatted(path));

            String answer = readUntil(socket, "}");
            socket.shutdownOutput(); // ends the moment that the server waits for the rest
            assertTrue(answer.contains("Connection: close"), answer);
            readUntil(socket, "\0never"); // to the end
        }
    }

    /// The server gives back what a request held just after its answer.
    private static void answersSoon(RunningServer server, String body) {
        HttpResponse<String> response = server.chat(body);
        for (int i = 0; i < 1_000 && response.statusCode() == 429; i++) {
            response = server.chat(body);
        }
        assertEquals(200, response.statusCode(), response.body());
    }

    private static void overloaded(HttpResponse<String> response) {
        assertEquals(429, response.statusCode(), response.body());
        JsonNode error = json(response.body()).get("error");
        assertEquals("overloaded", error.get("code").textValue());
        assertEquals("rate_limit_exceeded", error.get("type").textValue());
        assertEquals("5", response.headers().firstValue("Retry-After").orElseThrow());
    }

    private static String padded(int length) {
        return GOOD + " ".repeat(length - GOOD.length());
    }

    private static HttpResponse<String> send(
            RunningServer server, String body, boolean lengthIsTold) {
        byte[] bytes = body.getBytes(StandardCharsets.US_ASCII);
        return lengthIsTold
                ? server.chat(bytes)
                : server.send(
                        server.request(CHAT)
                                .POST(
                                        BodyPublishers.ofInputStream(
                                                () -> new ByteArrayInputStream(bytes))));
    }

    private static void write(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
    }

    /// What comes up to and including `mark`, or to the end of the connection.
    private static String readUntil(Socket socket, String mark) throws IOException {
        StringBuilder text = new StringBuilder();
        while (!text.toString().endsWith(mark)) {
            int next = socket.getInputStream().read();
            if (next < 0) {
                break;
            }
            text.append((char) next);
        }
        return text.toString();
    }
}
