package io.moonglass.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Answers that come piece by piece, for iterators and for subscribers.
@Timeout(60)
class StreamsTest {

    private final LoopbackServer server = new LoopbackServer();
    private final MoonglassClient client = server.client().build();

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void an_answer_that_drips_in_is_read_piece_by_piece() {
        server.answer((request, wire) -> {
            wire.beginStream();
            String all =
                    ": ping\n\ndata: %s\n\ndata: %s\n\ndata: [DONE]\n\n"
                            .formatted(LoopbackServer.pieceOf("a"), LoopbackServer.pieceOf("b ☾"));
            // bytes, so that the moon is cut too
            for (byte next : all.getBytes(StandardCharsets.UTF_8)) {
                wire.write(new byte[] {next});
            }
            wire.close();
        });

        try (AnswerStream<ChatCompletionChunk> answer = client.stream(question())) {
            assertEquals(
                    "ab ☾",
                    answer.stream().map(ChatCompletionChunk::text).collect(Collectors.joining()));
        }
    }

    @Test
    void pieces_come_once() {
        server.answer(StreamsTest::twoPieces);
        try (AnswerStream<ChatCompletionChunk> answer = client.stream(question())) {
            answer.iterator();

            assertThrows(IllegalStateException.class, answer::iterator);
        }
    }

    @Test
    void who_has_read_enough_closes_the_connection_and_ends_the_request() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        server.answer((request, wire) -> {
            wire.beginStream();
            wire.piece("a");
            wire.awaitClosed();
            closed.countDown();
        });

        try (AnswerStream<ChatCompletionChunk> answer = client.stream(question());
                Stream<ChatCompletionChunk> pieces = answer.stream()) {
            assertEquals("a", pieces.findFirst().orElseThrow().text());
        }

        assertTrue(closed.await(20, TimeUnit.SECONDS));
        String id = server.requests().get(0).id();
        assertEquals("/v1/requests/" + id, server.cancellation().path());
    }

    @Test
    void an_answer_that_was_read_to_its_end_is_not_cancelled() throws Exception {
        server.answer(StreamsTest::twoPieces)
                .answer((request, wire) -> {
                    wire.beginStream();
                    wire.piece("last");
                    wire.awaitClosed();
                });

        client.stream(question(), chunk -> {});
        client.stream(question()).close();

        assertEquals("/v1/requests/" + server.requests().get(1).id(), server.cancellation().path());
    }

    @Test
    void a_refusal_is_told_before_there_is_a_stream() {
        server.answer(401, LoopbackServer.error("invalid_api_key", "no"));

        assertThrows(UnauthorizedException.class, () -> client.stream(question()));
    }

    @Test
    void a_stream_in_which_nothing_comes_is_given_up() throws Exception {
        MoonglassClient hasty = server.client().idleTimeout(Duration.ofMillis(300)).build();
        server.answer((request, wire) -> {
            wire.beginStream();
            wire.piece("a");
            wire.awaitClosed();
        });

        DeadlineExceededException fault =
                assertThrows(
                        DeadlineExceededException.class,
                        () -> hasty.stream(question(), chunk -> {}));

        assertEquals("a", fault.partialText());
        server.cancellation();
    }

    @Test
    void a_sign_of_life_keeps_a_stream() {
        MoonglassClient hasty = server.client().idleTimeout(Duration.ofSeconds(2)).build();
        server.answer((request, wire) -> {
            wire.beginStream();
            for (int i = 0; i < 8; i++) {
                wire.write(": ping\n\n");
                Thread.sleep(400);
            }
            wire.piece("late");
            wire.event("[DONE]");
            wire.close();
        });
        List<String> texts = new ArrayList<>();

        hasty.stream(question(), chunk -> texts.add(chunk.text()));

        assertEquals(List.of("late"), texts);
    }

    @Test
    void a_subscriber_gets_what_it_asked_for_and_the_end_unasked() throws Exception {
        CountDownLatch allCame = new CountDownLatch(1);
        server.answer((request, wire) -> {
            wire.beginStream();
            for (String text : List.of("a", "b", "c")) {
                wire.piece(text);
            }
            allCame.await();
            wire.event("[DONE]");
            wire.close();
        });
        Recorder recorder = new Recorder();
        client.async().stream(question()).subscribe(recorder);

        recorder.subscription().request(1);
        assertEquals("a", recorder.next());
        assertTrue(recorder.pieces.isEmpty());
        recorder.subscription().request(2);
        assertEquals("b", recorder.next());
        assertEquals("c", recorder.next());
        allCame.countDown();

        recorder.ended.get(20, TimeUnit.SECONDS);
    }

    @Test
    void a_subscriber_that_asks_for_little_holds_the_server_up() throws Exception {
        AtomicLong numWritten = new AtomicLong();
        String large = LoopbackServer.pieceOf("x".repeat(1 << 16));
        server.answer((request, wire) -> {
            wire.beginStream();
            while (numWritten.get() < 256 << 20) {
                wire.event(large);
                numWritten.addAndGet(large.length());
            }
            wire.awaitClosed();
        });
        Recorder recorder = new Recorder();
        client.async().stream(question()).subscribe(recorder);
        recorder.subscription().request(1);
        recorder.next();

        long before;
        do { // until it is held up
            before = numWritten.get();
            Thread.sleep(500);
        } while (numWritten.get() != before);

        assertTrue(before < 64 << 20, () -> numWritten + " bytes");
        recorder.subscription().request(200);
        for (int i = 0; i < 200; i++) {
            recorder.next();
        }
        assertTrue(numWritten.get() > before, "it goes on");
        recorder.subscription().cancel();
    }

    @Test
    void a_demand_for_nothing_is_a_fault() throws Exception {
        server.answer(StreamsTest::twoPieces);
        Recorder recorder = new Recorder();
        client.async().stream(question()).subscribe(recorder);

        recorder.subscription().request(0);

        Exception fault =
                assertThrows(Exception.class, () -> recorder.ended.get(20, TimeUnit.SECONDS));
        assertInstanceOf(IllegalArgumentException.class, fault.getCause());
    }

    @Test
    void each_subscriber_asks_anew() throws Exception {
        server.answer(StreamsTest::twoPieces).answer(StreamsTest::twoPieces);
        Flow.Publisher<ChatCompletionChunk> publisher = client.async().stream(question());
        for (int i = 0; i < 2; i++) {
            Recorder recorder = new Recorder();
            publisher.subscribe(recorder);
            recorder.subscription().request(Long.MAX_VALUE);
            recorder.ended.get(20, TimeUnit.SECONDS);
            assertEquals(List.of("a", "b"), List.copyOf(recorder.pieces));
        }
        assertEquals(2, server.requests().size());
    }

    @Test
    void a_subscriber_that_cancels_hears_nothing_more() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        server.answer((request, wire) -> {
            wire.beginStream();
            wire.piece("a");
            wire.awaitClosed();
            closed.countDown();
        });
        Recorder recorder = new Recorder();
        client.async().stream(question()).subscribe(recorder);
        recorder.subscription().request(10);
        recorder.next();

        recorder.subscription().cancel();
        recorder.subscription().cancel();

        assertTrue(closed.await(20, TimeUnit.SECONDS));
        server.cancellation();
        assertFalse(recorder.ended.isDone());
    }

    @Test
    void an_event_that_is_no_json_is_a_fault() {
        server.answer((request, wire) -> {
            wire.beginStream();
            wire.event("surprise");
            wire.close();
        });

        assertThrows(ServerErrorException.class, () -> client.stream(question()));
    }

    private static void twoPieces(LoopbackServer.Request request, LoopbackServer.Wire wire)
            throws IOException {
        wire.beginStream();
        wire.piece("a");
        wire.piece("b");
        wire.event("[DONE]");
        wire.close();
    }

    private static ChatCompletionRequest question() {
        return ChatCompletionRequest.of("hi");
    }

    private static final class Recorder implements Flow.Subscriber<ChatCompletionChunk> {

        private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
        private final BlockingQueue<String> pieces = new LinkedBlockingQueue<>();
        private final CompletableFuture<Void> ended = new CompletableFuture<>();

        Flow.Subscription subscription() {
            return subscription.join();
        }

        String next() throws InterruptedException {
            String next = pieces.poll(20, TimeUnit.SECONDS);
            assertTrue(next != null, "nothing came");
            return next;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription.complete(given);
        }

        @Override
        public void onNext(ChatCompletionChunk piece) {
            pieces.add(piece.text());
        }

        @Override
        public void onError(Throwable fault) {
            ended.completeExceptionally(fault);
        }

        @Override
        public void onComplete() {
            ended.complete(null);
        }
    }
}
