package io.moonglass.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.clients.ocr.OcrEvent;
import io.moonglass.clients.ocr.OcrFormat;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What the client makes of a model in its own process: the same calls, answers and faults as of a server.
@Timeout(60)
class ServiceTransportTest {

    private final Service service = new Service();
    private final MoonglassClient client = MoonglassClient.of(service);

    /// Answers as a test says, and remembers what it was asked.
    private static final class Service implements ModelService {

        private final List<String> paths = new ArrayList<>();
        private JsonNode body;
        private CompletableFuture<byte[]> answer = new CompletableFuture<>();
        private List<String> pieces = List.of();
        private Throwable end;
        private boolean isCancelled;
        private long demand;

        void answers(String json) {
            answer.complete(json.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public CompletableFuture<byte[]> answer(String path, JsonNode asked) {
            paths.add(path);
            body = asked;
            return answer;
        }

        @Override
        public Flow.Publisher<String> stream(String path, JsonNode asked) {
            paths.add(path);
            body = asked;
            return subscriber ->
                    subscriber.onSubscribe(
                            new Flow.Subscription() {
                                private int numSent;

                                @Override
                                public void request(long n) {
                                    demand += n;
                                    long sendable = Math.min(demand, pieces.size());
                                    while (numSent < sendable && !isCancelled) {
                                        subscriber.onNext(pieces.get(numSent++));
                                    }
                                    if (numSent == pieces.size() && !isCancelled) {
                                        isCancelled = true; // told once
                                        if (end == null) {
                                            subscriber.onComplete();
                                        } else {
                                            subscriber.onError(end);
                                        }
                                    }
                                }

                                @Override
                                public void cancel() {
                                    isCancelled = true;
                                }
                            });
        }
    }

    private static ServiceFault busy() {
        return new ServiceFault(
                429,
                new ErrorBody.Detail("busy", "rate_limit_exceeded", null, "queue_full"),
                Duration.ofSeconds(3),
                null);
    }

    @Test
    void a_question_goes_to_the_service_as_a_server_would_get_it() {
        service.answers(LoopbackServer.answerOf("yes"));

        assertEquals("yes", client.ask("Really?", ContentPart.image(new byte[] {1, 2})));

        assertEquals(List.of("/v1/chat/completions"), service.paths);
        assertEquals("Really?", service.body.at("/messages/0/content/1/text").textValue());
        assertTrue(
                service.body
                        .at("/messages/0/content/0/image_url/url")
                        .textValue()
                        .startsWith("data:"));
    }

    @Test
    void paths_without_a_body_have_none() {
        service.answers("{\"object\":\"list\",\"data\":[]}");

        assertEquals(0, client.models().data().size());
        assertEquals(null, service.body);
        assertEquals(List.of("/v1/models"), service.paths);
    }

    @Test
    void a_fault_is_of_the_same_kind_as_a_servers_and_is_told_once() {
        service.answer.completeExceptionally(busy());

        OverloadedException fault = assertThrows(OverloadedException.class, () -> client.ask("hi"));

        assertEquals("queue_full", fault.code());
        assertEquals(429, fault.status());
        assertEquals(Optional.of(Duration.ofSeconds(3)), fault.retryAfter());
        assertEquals(1, service.paths.size(), "nothing is asked again");
    }

    @Test
    void the_cause_of_a_fault_of_the_service_is_kept() {
        IllegalStateException cause = new IllegalStateException("broken");
        service.answer.completeExceptionally(
                new ServiceFault(
                        500,
                        new ErrorBody.Detail("internal error", "server_error", null, null),
                        null,
                        cause));

        ServerErrorException fault =
                assertThrows(ServerErrorException.class, () -> client.ask("hi"));

        assertSame(cause, fault.getCause());
    }

    @Test
    void an_answer_that_is_no_json_is_a_fault() {
        service.answers("surprise");

        assertThrows(ServerErrorException.class, () -> client.ask("hi"));
    }

    @Test
    void whoever_gives_a_future_up_ends_the_services_work() {
        CompletableFuture<ChatCompletion> answer =
                client.async().chat(ChatCompletionRequest.of("hi"));

        answer.cancel(true);

        assertTrue(service.answer.isCancelled());
    }

    @Test
    void a_stream_is_read_piece_by_piece_and_ends() {
        service.pieces = List.of(LoopbackServer.pieceOf("a"), LoopbackServer.pieceOf("b"));
        List<String> texts = new ArrayList<>();

        client.stream(ChatCompletionRequest.of("hi"), chunk -> texts.add(chunk.text()));

        assertEquals(List.of("a", "b"), texts);
        assertTrue(service.body.get("stream").booleanValue());
    }

    @Test
    void a_stream_that_is_refused_does_not_begin() {
        service.end = busy();

        assertThrows(
                OverloadedException.class, () -> client.stream(ChatCompletionRequest.of("hi")));
    }

    @Test
    void a_fault_amid_a_stream_tells_what_had_come() {
        service.pieces =
                List.of(
                        LoopbackServer.pieceOf("half "),
                        LoopbackServer.error("deadline_exceeded", "late"),
                        LoopbackServer.pieceOf("never read"));
        List<String> texts = new ArrayList<>();

        DeadlineExceededException fault =
                assertThrows(
                        DeadlineExceededException.class,
                        () ->
                                client.stream(
                                        ChatCompletionRequest.of("hi"),
                                        chunk -> texts.add(chunk.text())));

        assertEquals("half ", fault.partialText());
        assertEquals(List.of("half "), texts);
        assertTrue(service.isCancelled);
    }

    @Test
    void a_piece_that_is_no_json_is_a_fault() {
        service.pieces = List.of("surprise");

        assertThrows(
                ServerErrorException.class, () -> client.stream(ChatCompletionRequest.of("hi")));
    }

    @Test
    void closing_a_stream_early_ends_the_services_work() {
        service.pieces = Collections.nCopies(100, LoopbackServer.pieceOf("a"));

        try (AnswerStream<ChatCompletionChunk> stream =
                client.stream(ChatCompletionRequest.of("hi"))) {
            assertEquals("a", stream.iterator().next().text());
        }

        assertTrue(service.isCancelled);
        assertTrue(service.demand < 100, "no more was asked for than was read and lay ahead");
    }

    @Test
    void pages_are_read_as_events() {
        service.pieces =
                List.of(
                        "{\"type\":\"page.started\",\"page\":1,\"pages\":1,\"tiles\":1}",
                        "{\"type\":\"done\",\"model\":\"m\",\"document_pages\":1,\"pages_processed\":1,\"usage\":{}}");

        List<OcrEvent> events =
                client
                        .streamOcr(
                                OcrRequest.builder(MediaSource.of(new byte[] {1}))
                                        .format(OcrFormat.TEXT)
                                        .build())
                        .stream()
                        .toList();

        assertInstanceOf(OcrEvent.PageStarted.class, events.get(0));
        assertInstanceOf(OcrEvent.Done.class, events.get(1));
        assertEquals(List.of("/v1/ocr"), service.paths);
    }

    @Test
    void what_only_a_server_has_is_not_found() {
        assertThrows(NotFoundException.class, () -> client.files().upload("a", new byte[1]));
        assertThrows(NotFoundException.class, () -> client.files().delete("file-1"));
        assertThrows(NotFoundException.class, () -> client.cancel("some"));
        assertEquals(List.of(), service.paths);
    }

    @Test
    void a_file_that_cannot_be_read_fails_the_future_and_not_the_call() {
        ChatCompletionRequest missing =
                ChatCompletionRequest.of("hi", ContentPart.image(Path.of("missing.png")));

        CompletableFuture<ChatCompletion> answer = client.async().chat(missing);

        Throwable fault = assertThrows(ExecutionException.class, answer::get).getCause();
        assertInstanceOf(UncheckedIOException.class, fault);
        assertThrows(UncheckedIOException.class, () -> client.stream(missing));
    }

    @Test
    void it_says_whom_it_asks() {
        assertEquals("MoonglassClient[the model in this process]", client.toString());
    }
}
