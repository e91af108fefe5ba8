package io.moonglass.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whoever no longer waits gives the request up: here, and at the server.
@Timeout(60)
class CancellationTest {

    private final LoopbackServer server = new LoopbackServer();
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);

    @AfterEach
    void stop() {
        server.close();
    }

    /// Never answers.
    private void hold(LoopbackServer.Request request, LoopbackServer.Wire wire) {
        asked.countDown();
        wire.awaitClosed();
        closed.countDown();
    }

    private void assertGivenUp() throws InterruptedException {
        assertTrue(closed.await(20, TimeUnit.SECONDS), "the connection is closed");
        LoopbackServer.Request cancellation = server.cancellation();
        assertEquals("DELETE", cancellation.method());
        assertEquals("/v1/requests/" + server.requests().get(0).id(), cancellation.path());
        assertEquals("Bearer secret", cancellation.headers().get("authorization"));
    }

    @Test
    void a_future_that_is_cancelled_ends_its_request() throws Exception {
        server.answer(this::hold);
        MoonglassClient client = server.client().apiKey("secret").build();
        CompletableFuture<ChatCompletion> answer =
                client.async().chat(ChatCompletionRequest.of("hi"));
        assertTrue(asked.await(20, TimeUnit.SECONDS));

        answer.cancel(true);

        assertGivenUp();
    }

    @Test
    void a_future_whose_time_is_over_ends_its_request() throws Exception {
        server.answer(this::hold);
        MoonglassClient client = server.client().apiKey("secret").build();

        CompletableFuture<ChatCompletion> answer =
                client.async()
                        .chat(ChatCompletionRequest.of("hi"))
                        .orTimeout(300, TimeUnit.MILLISECONDS);

        ExecutionException late = assertThrows(ExecutionException.class, answer::get);
        assertInstanceOf(TimeoutException.class, late.getCause());
        assertGivenUp();
    }

    @Test
    void a_server_that_takes_too_long_is_given_up() throws Exception {
        server.answer(this::hold);
        MoonglassClient client =
                server.client().apiKey("secret").requestTimeout(Duration.ofMillis(300)).build();

        DeadlineExceededException late =
                assertThrows(DeadlineExceededException.class, () -> client.ask("hi"));

        assertEquals(0, late.status());
        assertGivenUp();
    }

    @Test
    void a_server_that_drips_is_given_up_too() throws Exception {
        server.answer((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{");
            hold(request, wire);
        });
        MoonglassClient client =
                server.client().apiKey("secret").requestTimeout(Duration.ofSeconds(1)).build();

        assertThrows(DeadlineExceededException.class, () -> client.ask("hi"));

        assertGivenUp();
    }

    @Test
    void a_thread_that_is_interrupted_gives_its_request_up_and_stays_interrupted()
            throws Exception {
        server.answer(this::hold);
        MoonglassClient client = server.client().apiKey("secret").build();
        CompletableFuture<Boolean> wasInterrupted = new CompletableFuture<>();
        Thread asking =
                new Thread(() -> {
                    try {
                        client.ask("hi");
                    } catch (RequestCancelledException e) {
                        wasInterrupted.complete(Thread.currentThread().isInterrupted());
                    }
                });
        asking.start();
        assertTrue(asked.await(20, TimeUnit.SECONDS));

        asking.interrupt();

        assertTrue(wasInterrupted.get(20, TimeUnit.SECONDS));
        assertGivenUp();
    }

    @Test
    void a_wait_for_the_next_try_ends_too() throws Exception {
        server.answer(429, LoopbackServer.error("queue_full", "busy"), "Retry-After: 100");
        RetryPolicy patient = new RetryPolicy(3, Duration.ZERO, Duration.ZERO, Duration.ofHours(1));
        MoonglassClient client =
                server.client().retries(patient).requestTimeout(Duration.ofMillis(500)).build();

        assertThrows(DeadlineExceededException.class, () -> client.ask("hi"));

        assertEquals(1, server.requests().size());
    }

    @Test
    void who_is_to_close_connections_alone_does_no_more() throws Exception {
        server.answer(this::hold).answer(200, LoopbackServer.answerOf("a"));
        MoonglassClient client =
                server.client()
                        .cancelOnServer(false)
                        .requestTimeout(Duration.ofMillis(300))
                        .build();
        MoonglassClient other = server.client().build();

        assertThrows(DeadlineExceededException.class, () -> client.ask("hi"));
        assertTrue(closed.await(20, TimeUnit.SECONDS));
        other.ask("hi");
        other.cancel("another");

        assertEquals("/v1/requests/another", server.cancellation().path());
    }

    @Test
    void a_connection_that_breaks_amid_an_answer_is_told_of() {
        server.answer((request, wire) -> {
            wire.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
            wire.close();
        });
        MoonglassClient client = server.client().retries(RetryPolicy.NONE).build();

        assertThrows(ConnectionLostException.class, () -> client.ask("hi"));
    }
}
