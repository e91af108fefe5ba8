package io.moonglass.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What is sent again, and what is not.
@Timeout(60)
class RetriesTest {

    private static final RetryPolicy QUICK =
            new RetryPolicy(2, Duration.ofMillis(5), Duration.ofMillis(20), Duration.ofMinutes(1));

    private final LoopbackServer server = new LoopbackServer();
    private final MoonglassClient client = server.client().retries(QUICK).build();

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void a_busy_server_is_asked_again_under_the_same_id() {
        server.answer(429, LoopbackServer.error("queue_full", "busy"), "Retry-After: 0")
                .answer(503, LoopbackServer.error("model_loading", "soon"))
                .answer(200, LoopbackServer.answerOf("yes"));

        assertEquals("yes", client.ask("hi"));

        assertEquals(3, server.requests().size());
        assertEquals(
                1, server.requests().stream().map(LoopbackServer.Request::id).distinct().count());
    }

    @Test
    void two_questions_have_two_ids() {
        server.answer(200, LoopbackServer.answerOf("a")).answer(200, LoopbackServer.answerOf("b"));

        client.ask("one");
        client.ask("two");

        assertNotEquals(server.requests().get(0).id(), server.requests().get(1).id());
    }

    @Test
    void the_last_fault_is_told_when_the_retries_are_used_up() {
        for (int i = 0; i < 3; i++) {
            server.answer(429, LoopbackServer.error("queue_full", "busy " + i));
        }

        OverloadedException fault = assertThrows(OverloadedException.class, () -> client.ask("hi"));

        assertEquals("busy 2", fault.getMessage());
        assertEquals(server.requests().get(2).id(), fault.requestId());
    }

    @Test
    void a_wait_that_would_end_too_late_is_not_begun() {
        server.answer(503, LoopbackServer.error("model_loading", "later"), "Retry-After: 3600");

        UnavailableException fault =
                assertThrows(UnavailableException.class, () -> client.ask("hi"));

        assertEquals(Optional.of(Duration.ofHours(1)), fault.retryAfter());
        assertEquals(1, server.requests().size());
    }

    @Test
    void what_the_server_says_not_to_ask_for_again_is_not() {
        server.answer(503, LoopbackServer.error("x", "no"), "X-Should-Retry: false");

        assertThrows(UnavailableException.class, () -> client.ask("hi"));

        assertEquals(1, server.requests().size());
    }

    @Test
    void the_callers_own_faults_are_told_at_once() {
        server.answer(400, LoopbackServer.error("invalid_value", "no"));

        assertThrows(BadRequestException.class, () -> client.ask("hi"));

        assertEquals(1, server.requests().size());
    }

    @Test
    void a_server_that_is_not_there_yet_is_found_once_it_is() {
        LoopbackServer gone = new LoopbackServer();
        int port = gone.port();
        gone.close();
        List<LoopbackServer> started = new ArrayList<>();
        AtomicInteger numTries = new AtomicInteger();
        MoonglassClient early =
                gone.client()
                        .retries(QUICK)
                        .apiKey(() -> {
                            if (numTries.incrementAndGet() == 2) {
                                started.add(
                                        new LoopbackServer(port)
                                                .answer(200, LoopbackServer.answerOf("here")));
                            }
                            return "key";
                        })
                        .build();

        assertEquals("here", early.ask("hi"));

        started.get(0).close();
    }

    @Test
    void a_connection_that_breaks_before_the_answer_is_made_anew() {
        server.answer((request, wire) -> wire.close())
                .answer(409, LoopbackServer.error("duplicate_request_id", "runs"))
                .answer(200, LoopbackServer.answerOf("yes"));

        assertEquals("yes", client.ask("hi"));
    }

    @Test
    void an_id_that_another_has_is_told_where_no_connection_broke() {
        server.answer(409, LoopbackServer.error("duplicate_request_id", "runs"));

        BadRequestException fault = assertThrows(BadRequestException.class, () -> client.ask("hi"));

        assertEquals("duplicate_request_id", fault.code());
    }

    @Test
    void a_file_is_not_uploaded_twice_where_the_connection_breaks() {
        server.answer((request, wire) -> wire.close()).answer(200, "{\"id\":\"file-2\"}");

        assertThrows(UnavailableException.class, () -> client.files().upload("a.png", new byte[9]));

        assertEquals(1, server.requests().size());
    }

    @Test
    void a_file_that_was_refused_is_uploaded_again() {
        server.answer(429, LoopbackServer.error("overloaded", "busy"))
                .answer(200, "{\"id\":\"file-2\"}");

        assertEquals("file-2", client.files().upload("a.png", new byte[9]).id());
    }

    @Test
    void a_stream_that_broke_before_its_first_event_is_begun_anew() {
        server.answer(
                        (request, wire) -> {
                            wire.beginStream();
                            wire.write(": ping\n\n");
                            wire.close();
                        })
                .answer((request, wire) -> {
                    wire.beginStream();
                    wire.event(LoopbackServer.error("server_shutting_down", "goes"));
                    wire.close();
                })
                .answer((request, wire) -> {
                    wire.beginStream();
                    wire.piece("yes");
                    wire.event("[DONE]");
                    wire.close();
                });
        List<String> texts = new ArrayList<>();

        client.stream(question(), chunk -> texts.add(chunk.text()));

        assertEquals(List.of("yes"), texts);
        assertEquals(3, server.requests().size());
    }

    @Test
    void a_stream_that_has_begun_is_never_begun_anew() {
        server.answer((request, wire) -> {
            wire.beginStream();
            wire.piece("so ");
            wire.piece("far");
            wire.close();
        });
        List<String> texts = new ArrayList<>();

        ConnectionLostException fault =
                assertThrows(
                        ConnectionLostException.class,
                        () -> client.stream(question(), chunk -> texts.add(chunk.text())));

        assertEquals(List.of("so ", "far"), texts);
        assertEquals("so far", fault.partialText());
        assertEquals(1, server.requests().size());
    }

    @Test
    void waits_double_up_to_their_limit_and_are_at_most_half_shorter() {
        RetryPolicy policy =
                new RetryPolicy(
                        50, Duration.ofSeconds(1), Duration.ofSeconds(5), Duration.ofDays(1));
        int[] longest = {1, 2, 4, 5, 5};
        for (int retry = 1; retry <= longest.length; retry++) {
            for (int i = 0; i < 50; i++) {
                Duration wait = policy.delayBefore(retry, null, Duration.ZERO).orElseThrow();
                Duration most = Duration.ofSeconds(longest[retry - 1]);
                assertTrue(wait.compareTo(most) <= 0, wait::toString);
                assertTrue(wait.compareTo(most.dividedBy(2)) >= 0, wait::toString);
            }
        }
        assertEquals(Optional.empty(), policy.delayBefore(51, null, Duration.ZERO));
        assertTrue(policy.delayBefore(50, null, Duration.ZERO).isPresent());
    }

    @Test
    void no_retry_begins_before_the_time_that_the_server_names() {
        Duration named = Duration.ofSeconds(30);
        for (int i = 0; i < 50; i++) {
            Duration wait = RetryPolicy.DEFAULT.delayBefore(1, named, Duration.ZERO).orElseThrow();
            assertTrue(wait.compareTo(named) >= 0, wait::toString);
        }
        assertEquals(
                Optional.empty(),
                RetryPolicy.DEFAULT.delayBefore(1, named, Duration.ofSeconds(100)));
    }

    @Test
    void without_a_policy_nothing_is_sent_again() {
        server.answer(429, LoopbackServer.error("queue_full", "busy"));
        MoonglassClient once = server.client().retries(RetryPolicy.NONE).build();

        MoonglassException fault = assertThrows(MoonglassException.class, () -> once.ask("hi"));

        assertInstanceOf(OverloadedException.class, fault);
        assertEquals(1, server.requests().size());
    }

    private static ChatCompletionRequest question() {
        return ChatCompletionRequest.of("hi");
    }
}
