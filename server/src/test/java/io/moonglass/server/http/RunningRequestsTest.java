package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.GOOD;
import static io.moonglass.server.http.RunningServer.GOOD_STREAM;
import static io.moonglass.server.http.RunningServer.errorCode;
import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.GenerationEvent;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests that another request, or the time, ends before their end.
class RunningRequestsTest {

    private static final ServerOptions OPTIONS =
            ServerOptions.DEFAULT.withDrainTimeout(Duration.ZERO);

    private final Semaphore started = new Semaphore(0);

    /// Says a word, and then nothing until it is cancelled.
    private void silent(
            ChatRequest request, Consumer<GenerationEvent> events, CountDownLatch cancelled)
            throws InterruptedException {
        events.accept(new GenerationEvent.TextDelta("so far"));
        started.release();
        cancelled.await();
        events.accept(ScriptedModel.finished(FinishReason.CANCELLED));
    }

    /// Prepares a prompt until nobody wants it any more.
    private void prepareForEver(BooleanSupplier abandoned) throws InterruptedException {
        started.release();
        while (!abandoned.getAsBoolean()) {
            Thread.sleep(1);
        }
        throw new CancellationException();
    }

    private void awaitStart() throws InterruptedException {
        assertTrue(started.tryAcquire(10, TimeUnit.SECONDS));
    }

    @ParameterizedTest
    @ValueSource(strings = {GOOD, GOOD_STREAM})
    void a_running_request_is_cancelled_by_its_id(String body) throws Exception {
        try (RunningServer server = new RunningServer(OPTIONS)) {
            server.model.script = this::silent;
            CompletableFuture<HttpResponse<String>> running = later(server, "order/66%", body);
            awaitStart();

            HttpResponse<String> cancelled = cancel(server, "order%2F66%25");

            assertEquals(200, cancelled.statusCode(), cancelled.body());
            assertEquals(
                    json("{\"id\": \"order/66%\", \"object\": \"request\", \"cancelled\": true}"),
                    json(cancelled.body()));
            HttpResponse<String> answer = running.join();
            assertEquals("request_cancelled", errorCode(answer));
            assertEquals(body.equals(GOOD) ? 409 : 200, answer.statusCode());
            assertFalse(answer.body().contains("[DONE]"));
            assertTrue(server.model.wasCancelledWithin(10));
            assertEquals(404, cancel(server, "order%2F66%25").statusCode(), "it has ended");
        }
    }

    @Test
    void clients_that_ask_again_by_themselves_are_told_not_to() throws Exception {
        try (RunningServer server = new RunningServer(OPTIONS)) {
            server.model.script = this::silent;
            CompletableFuture<HttpResponse<String>> running = later(server, "x", GOOD);
            awaitStart();
            cancel(server, "x");

            assertEquals(
                    "false", running.join().headers().firstValue("X-Should-Retry").orElseThrow());
        }
    }

    @Test
    void a_request_whose_prompt_is_being_prepared_is_cancelled_too() throws Exception {
        try (RunningServer server = new RunningServer(OPTIONS)) {
            server.model.beforeGenerate = this::prepareForEver;
            CompletableFuture<HttpResponse<String>> running = later(server, "x", GOOD_STREAM);
            awaitStart();

            assertEquals(200, cancel(server, "x").statusCode());

            assertEquals(409, running.join().statusCode());
            assertEquals("request_cancelled", errorCode(running.join()));
        }
    }

    @Test
    void a_request_whose_client_reads_nothing_is_cancelled_all_the_same() throws Exception {
        try (RunningServer server = new RunningServer(OPTIONS);
                Socket socket = server.socket()) {
            server.model.script =
                    (request, events, cancelled) -> {
                        // more than the sockets' buffers hold, so that the writer is stuck in it
                        events.accept(new GenerationEvent.TextDelta("x".repeat(64 << 20)));
                        silent(request, events, cancelled);
                    };
            socket.getOutputStream().write(rawChat("x", GOOD_STREAM));
            awaitStart();
            assertTrue(socket.getInputStream().read() >= 0);

            assertEquals(200, cancel(server, "x").statusCode());

            assertTrue(server.model.wasCancelledWithin(10));
            assertPlaceIsFreeAgain(server);
        }
    }

    /// Its connection is closed some seconds later, which ends the writer that is stuck in it.
    private static void assertPlaceIsFreeAgain(RunningServer server) throws InterruptedException {
        for (int i = 0; i < 300 && !nothingRuns(server); i++) {
            Thread.sleep(100);
        }
        assertTrue(nothingRuns(server));
    }

    private static boolean nothingRuns(RunningServer server) {
        return server.get("/metrics").body().contains("\nmoonglass_requests_running 0.0\n");
    }

    @Test
    void a_generation_that_begins_after_the_cancellation_is_cancelled() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        try (RunningServer server = new RunningServer(OPTIONS)) {
            server.model.beforeGenerate =
                    _ -> {
                        started.release();
                        goOn.await();
                    };
            server.model.script = this::silent;
            CompletableFuture<HttpResponse<String>> running = later(server, "x", GOOD);
            awaitStart();
            cancel(server, "x");
            goOn.countDown();

            assertEquals("request_cancelled", errorCode(running.join()));
            assertTrue(server.model.wasCancelledWithin(10));
        }
    }

    @Test
    void an_id_that_nobody_runs_is_not_found() {
        try (RunningServer server = new RunningServer(OPTIONS)) {
            for (String id : new String[] {"x", "", "a/b"}) {
                HttpResponse<String> response = cancel(server, id);
                assertEquals(404, response.statusCode());
                assertEquals("request_not_found", errorCode(response));
            }
        }
    }

    @Test
    void another_tenants_request_is_as_good_as_none() throws Exception {
        try (RunningServer server =
                new RunningServer(OPTIONS.withApiKeys(CallerTest.keys("alice", "bob")))) {
            server.model.script = this::silent;
            CompletableFuture<HttpResponse<String>> alices =
                    later(server, server.chatAs("x", GOOD).header("X-Api-Key", "key of alice"));
            awaitStart();

            HttpResponse<String> bobsTry = cancel(server, "x", "bob");
            HttpResponse<String> none = cancel(server, "y", "bob");

            assertEquals(404, bobsTry.statusCode());
            assertEquals(none.body(), bobsTry.body());
            assertFalse(alices.isDone());
            CompletableFuture<HttpResponse<String>> bobs =
                    later(server, server.chatAs("x", GOOD).header("X-Api-Key", "key of bob"));
            awaitStart();
            assertEquals(200, cancel(server, "x", "bob").statusCode());
            assertEquals("request_cancelled", errorCode(bobs.join()));
            assertFalse(alices.isDone());
            assertEquals(200, cancel(server, "x", "alice").statusCode());
            assertEquals("request_cancelled", errorCode(alices.join()));
        }
    }

    @Test
    void a_second_request_with_a_running_ones_id_is_refused() throws Exception {
        try (RunningServer server = new RunningServer(OPTIONS)) {
            server.model.script = this::silent;
            CompletableFuture<HttpResponse<String>> first = later(server, "x", GOOD);
            awaitStart();

            HttpResponse<String> second = server.send(server.chatAs("x", GOOD));

            assertEquals(409, second.statusCode());
            assertEquals("duplicate_request_id", errorCode(second));
            assertFalse(first.isDone(), "the first runs on");
            assertEquals(200, cancel(server, "x").statusCode());
            first.join();
        }
    }

    @Test
    void an_id_is_free_before_its_client_knows_that_the_answer_is_there() throws Exception {
        try (RunningServer server = new RunningServer(OPTIONS);
                Socket socket = server.socket()) {
            server.model.script =
                    (_, events, _) -> {
                        // more than the sockets' buffers hold, so that the first is still being
                        // sent
                        events.accept(new GenerationEvent.TextDelta("x".repeat(64 << 20)));
                        events.accept(ScriptedModel.finished(FinishReason.STOP));
                    };
            socket.getOutputStream().write(rawChat("x", GOOD));
            assertTrue(socket.getInputStream().read() >= 0);
            server.model.script = ScriptedModel::hello;

            HttpResponse<String> second = server.send(server.chatAs("x", GOOD));

            assertEquals(200, second.statusCode(), second.body());
        }
    }

    @Test
    void a_full_server_can_be_relieved_by_a_cancellation() throws Exception {
        try (RunningServer server = new RunningServer(OPTIONS.withMaxConcurrentRequests(1))) {
            server.model.script = this::silent;
            CompletableFuture<HttpResponse<String>> running = later(server, "x", GOOD);
            awaitStart();
            assertEquals(429, server.chat(GOOD).statusCode());

            assertEquals(200, cancel(server, "x").statusCode());

            assertEquals(409, running.join().statusCode());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {GOOD, GOOD_STREAM})
    void an_answer_that_is_not_complete_at_its_deadline_is_given_up(String body) throws Exception {
        try (RunningServer server = new RunningServer(OPTIONS)) {
            server.model.script = this::silent;

            HttpResponse<String> response = server.chat(within("0.2", body));

            assertEquals("deadline_exceeded", errorCode(response));
            assertEquals(body.equals(GOOD) ? 504 : 200, response.statusCode());
            assertFalse(response.body().contains("[DONE]"));
            assertTrue(server.model.wasCancelledWithin(10));
        }
    }

    @Test
    void a_prompt_that_is_not_ready_at_the_deadline_is_given_up() {
        try (RunningServer server = new RunningServer(OPTIONS)) {
            server.model.beforeGenerate = this::prepareForEver;

            HttpResponse<String> response = server.chat(within("0.2", GOOD));

            assertEquals(504, response.statusCode());
            assertEquals("deadline_exceeded", errorCode(response));
            assertEquals("false", response.headers().firstValue("X-Should-Retry").orElseThrow());
        }
    }

    @Test
    void a_deadline_that_has_passed_already_costs_nothing() {
        try (RunningServer server = new RunningServer(OPTIONS)) {
            assertEquals(504, server.chat(within("1e-9", GOOD)).statusCode());
            assertEquals(null, server.model.lastRequest());
        }
    }

    @ParameterizedTest
    @CsvSource({"200, 1000", "3600000, 0.2", "200, ''"})
    void the_smaller_of_the_servers_and_the_requests_timeout_holds(
            long serversMillis, String requests) {
        try (RunningServer server =
                new RunningServer(OPTIONS.withRequestTimeout(Duration.ofMillis(serversMillis)))) {
            server.model.script = this::silent;

            HttpResponse<String> response =
                    server.chat(requests.isEmpty() ? GOOD : within(requests, GOOD));

            assertEquals("deadline_exceeded", errorCode(response));
        }
    }

    @Test
    void an_answer_in_time_is_whole() {
        try (RunningServer server = new RunningServer(OPTIONS)) {
            assertEquals(200, server.chat(within("1e9", GOOD)).statusCode());
            assertTrue(server.chat(within("60", GOOD_STREAM)).body().contains("[DONE]"));
        }
    }

    private static byte[] rawChat(String requestId, String body) {
        return RunningServer.rawChat(body)
                .replace("Host: x", "Host: x\r\nX-Request-Id: " + requestId)
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String within(String seconds, String body) {
        return "{\"timeout\":" + seconds + "," + body.substring(1);
    }

    private static CompletableFuture<HttpResponse<String>> later(
            RunningServer server, String id, String body) {
        return later(server, server.chatAs(id, body));
    }

    private static CompletableFuture<HttpResponse<String>> later(
            RunningServer server, HttpRequest.Builder request) {
        return CompletableFuture.supplyAsync(() -> server.send(request));
    }

    private static HttpResponse<String> cancel(RunningServer server, String id) {
        return server.send(server.request("/v1/requests/" + id).DELETE());
    }

    private static HttpResponse<String> cancel(RunningServer server, String id, String tenant) {
        return server.send(
                server.request("/v1/requests/" + id)
                        .header("X-Api-Key", "key of " + tenant)
                        .DELETE());
    }
}
