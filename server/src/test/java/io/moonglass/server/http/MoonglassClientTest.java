package io.moonglass.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.ChatMessage;
import io.moonglass.clients.ContentPart;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.clients.MoonglassException;
import io.moonglass.clients.RetryPolicy;
import io.moonglass.engine.FinishReason;
import io.moonglass.engine.RequestScope;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.Message;
import io.moonglass.runtime.OverloadedException;
import io.moonglass.runtime.Role;
import io.moonglass.runtime.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Our client against our server: both ends mean the same by every field.
class MoonglassClientTest {

    private final RunningServer server = new RunningServer();
    private final MoonglassClient client =
            MoonglassClient.builder(server.uri("/v1/")).retries(RetryPolicy.NONE).build();

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void a_whole_answer_is_read() {
        ChatCompletion answer = client.chat(question().build());

        assertEquals("Good day ☾", answer.text());
        assertEquals("stop", answer.choices().get(0).finishReason());
        assertEquals(4, answer.usage().promptTokensDetails().imageTokens());
        assertEquals(14, answer.usage().totalTokens());
    }

    @Test
    void a_streamed_answer_is_read_piece_by_piece() {
        List<ChatCompletionChunk> chunks = new ArrayList<>();

        client.stream(question().includeUsage().build(), chunks::add);

        assertEquals(
                "Good day ☾",
                chunks.stream().map(ChatCompletionChunk::text).collect(Collectors.joining()));
        assertEquals(14, chunks.getLast().usage().totalTokens());
    }

    @Test
    void every_field_arrives() {
        ChatCompletionRequest request =
                ChatCompletionRequest.builder()
                        .model("tiny/model")
                        .message(ChatMessage.system("be brief"))
                        .message(
                                ChatMessage.user(
                                        List.of(
                                                ContentPart.image(new byte[] {'B', 'M', 0}),
                                                ContentPart.text("what?"))))
                        .message(ChatMessage.assistant("a cat"))
                        .message(ChatMessage.user("sure?"))
                        .maxTokens(3)
                        .maxCompletionTokens(4)
                        .temperature(0.5)
                        .topP(0.9)
                        .topK(7)
                        .minP(0.25)
                        .seed(42)
                        .repetitionPenalty(1.5)
                        .presencePenalty(-1)
                        .frequencyPenalty(1)
                        .stop("a", "b")
                        .n(2)
                        .priority(-4)
                        .cacheSalt("pepper")
                        .timeout(Duration.ofMinutes(2))
                        .ignoreEos(true)
                        .skipSpecialTokens(false)
                        .returnTokenIds(true)
                        .build();

        ChatCompletion answer = client.chat(request);

        var received = server.model.lastRequest();
        assertEquals(List.of(5, 6, 7), answer.choices().get(0).tokenIds());
        assertEquals(
                ScriptedModel.DEFAULTS
                        .withTemperature(0.5)
                        .withTopP(0.9)
                        .withTopK(7)
                        .withMinP(0.25)
                        .withSeed(42)
                        .withRepetitionPenalty(1.5)
                        .withPresencePenalty(-1)
                        .withFrequencyPenalty(1),
                received.answer().sampling());
        assertEquals(2, answer.choices().size());
        assertEquals(new RequestScope("", "pepper", -4), received.scope());
        assertEquals(4, received.answer().maxTokens().orElseThrow());
        assertEquals(List.of("a", "b"), received.answer().stop());
        assertTrue(received.answer().ignoreEos());
        assertEquals(
                List.of(
                        Message.text(Role.SYSTEM, "be brief"),
                        new Message(
                                Role.USER,
                                List.of(
                                        io.moonglass.runtime.ContentPart.Picture.at(
                                                "data:image/bmp;base64,Qk0A",
                                                OptionalLong.empty(),
                                                "messages[1].content[0].image_url.url"),
                                        new io.moonglass.runtime.ContentPart.Text("what?"))),
                        Message.text(Role.ASSISTANT, "a cat"),
                        Message.text(Role.USER, "sure?")),
                received.messages());
    }

    @Test
    void an_error_keeps_its_status_code_and_field() {
        MoonglassException fault =
                assertThrows(
                        MoonglassException.class,
                        () -> client.chat(question().temperature(9).build()));

        assertEquals(400, fault.status());
        assertEquals("invalid_value", fault.code());
        assertEquals("invalid_request_error", fault.type());
        assertEquals("temperature", fault.param());
        assertEquals("temperature is 9; want a number from 0 to 2", fault.getMessage());
    }

    @Test
    void a_timeout_holds_and_tokens_of_the_cache_are_told() {
        server.model.script =
                (_, events, _) ->
                        events.accept(
                                new GenerationEvent.Finished(
                                        FinishReason.STOP,
                                        new Usage(11, 4, 0, 9, 3, 1),
                                        List.of()));
        assertEquals(
                9, client.chat(question().build()).usage().promptTokensDetails().cachedTokens());

        server.model.script = (_, _, cancelled) -> cancelled.await();
        ChatCompletionRequest brief = question().timeout(Duration.ofMillis(200)).build();
        MoonglassException late = assertThrows(MoonglassException.class, () -> client.chat(brief));

        assertEquals("deadline_exceeded", late.code());
    }

    @Test
    void another_thread_cancels_a_request_by_its_id() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        server.model.script =
                (_, _, cancelled) -> {
                    started.countDown();
                    cancelled.await();
                };
        String id = "order+66/%2F";
        CompletableFuture<MoonglassException> running =
                CompletableFuture.supplyAsync(() ->
                        assertThrows(
                                MoonglassException.class,
                                () -> client.withRequestId(id).chat(question().build())));
        assertTrue(started.await(10, TimeUnit.SECONDS));

        assertTrue(client.cancel(id));

        assertEquals("request_cancelled", running.join().code());
        assertFalse(client.cancel(id), "it has ended");
    }

    @Test
    void a_full_queue_tells_when_to_come_back() {
        server.model.refusal = new OverloadedException("full", Duration.ofSeconds(7));

        MoonglassException full =
                assertThrows(MoonglassException.class, () -> client.chat(question().build()));

        assertEquals(429, full.status());
        assertEquals(Optional.of(Duration.ofSeconds(7)), full.retryAfter());
    }

    @Test
    void a_fault_in_mid_stream_is_thrown() {
        server.model.script =
                (request, events, _) -> {
                    events.accept(new GenerationEvent.TextDelta("so far"));
                    events.accept(new GenerationEvent.Failed(new IllegalStateException()));
                };
        List<String> texts = new ArrayList<>();

        MoonglassException fault =
                assertThrows(
                        MoonglassException.class,
                        () -> client.stream(question().build(), chunk -> texts.add(chunk.text())));

        assertEquals(List.of("", "so far"), texts);
        assertEquals("internal_error", fault.code());
    }

    @Test
    void a_reader_that_throws_ends_the_generation() throws Exception {
        server.model.script =
                (request, events, cancelled) -> {
                    events.accept(new GenerationEvent.TextDelta("enough"));
                    cancelled.await();
                };
        IllegalStateException enough = new IllegalStateException();

        RuntimeException thrown =
                assertThrows(
                        IllegalStateException.class,
                        () ->
                                client.stream(
                                        question().build(),
                                        chunk -> {
                                            if (chunk.text().equals("enough")) {
                                                throw enough;
                                            }
                                        }));

        assertSame(enough, thrown);
        assertTrue(server.model.wasCancelledWithin(10));
    }

    @Test
    void the_models_are_listed() {
        assertEquals("tiny/model", client.models().data().get(0).id());
        assertEquals(4096, client.models().data().get(0).maxModelLen());
    }

    private static ChatCompletionRequest.Builder question() {
        return ChatCompletionRequest.builder().message(ChatMessage.user("hi"));
    }
}
