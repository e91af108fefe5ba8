package io.moonglass.runtime.inprocess;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.clients.AnswerStream;
import io.moonglass.clients.BadRequestException;
import io.moonglass.clients.ChatCompletion;
import io.moonglass.clients.ChatCompletionChunk;
import io.moonglass.clients.ChatCompletionRequest;
import io.moonglass.clients.ContentPart;
import io.moonglass.clients.Conversation;
import io.moonglass.clients.DeadlineExceededException;
import io.moonglass.clients.EmbeddingRequest;
import io.moonglass.clients.MediaSource;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.clients.MoonglassException;
import io.moonglass.clients.NotFoundException;
import io.moonglass.clients.OcrRequest;
import io.moonglass.clients.RequestCancelledException;
import io.moonglass.clients.UnavailableException;
import io.moonglass.clients.VqaRequest;
import io.moonglass.clients.ocr.OcrEvent;
import io.moonglass.clients.ocr.OcrFormat;
import io.moonglass.clients.ocr.OcrResult;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/// The model in this process does what the client promises of a server.
@Timeout(120)
class InProcessModelTest {

    private static InProcessModel model;
    private static MoonglassClient client;

    @BeforeAll
    static void load() {
        model = DemoModel.builder().name("demo").load();
        client = model.client();
    }

    @AfterAll
    static void close() {
        model.close();
    }

    private static Path picture(String name) {
        return DemoModel.PICTURES.resolve(name + ".png");
    }

    private static ChatCompletionRequest.Builder question() {
        return ChatCompletionRequest.builder()
                .user("What does the picture show?", ContentPart.image(picture("describe_000")))
                .temperature(0);
    }

    /// One that goes on for as long as the context holds.
    private static ChatCompletionRequest endless() {
        return ChatCompletionRequest.builder().user("Hello").ignoreEos(true).build();
    }

    private static void awaitRunning(InProcessModel asked) throws InterruptedException {
        while (asked.chatModel().statistics().engine().numRunning() == 0) {
            Thread.sleep(5);
        }
    }

    private static void awaitIdle() throws InterruptedException {
        while (model.chatModel().statistics().engine().numRunning() > 0) {
            Thread.sleep(5);
        }
    }

    @Test
    void a_picture_is_asked_about() {
        ChatCompletion answer = client.chat(question().build());

        assertEquals(
                "A purple square, a red square, a blue star and an orange diamond.", answer.text());
        assertEquals("demo", answer.model());
        assertEquals("stop", answer.choices().get(0).finishReason());
        assertEquals(48, answer.usage().promptTokensDetails().imageTokens());
    }

    @Test
    void several_answers_are_streamed_with_usage_and_progress() {
        List<ChatCompletionChunk> chunks = new ArrayList<>();

        client.stream(question().n(2).includeUsage().includeProgress().build(), chunks::add);

        for (int answer : List.of(0, 1)) {
            assertEquals(
                    "A purple square, a red square, a blue star and an orange diamond.",
                    chunks.stream()
                            .flatMap(chunk -> chunk.choices().stream())
                            .filter(choice -> choice.index() == answer)
                            .map(choice -> choice.delta().content())
                            .filter(text -> text != null)
                            .collect(Collectors.joining()));
        }
        assertTrue(chunks.stream().anyMatch(chunk -> chunk.progress() != null));
        assertEquals(1, chunks.getLast().images().size());
        assertTrue(chunks.getLast().usage().completionTokens() > 2);
    }

    @Test
    void a_stream_tells_where_its_time_went() {
        List<ChatCompletionChunk> chunks = new ArrayList<>();

        client.stream(question().includeUsage().includeTimings().build(), chunks::add);

        ChatCompletionChunk.Timings timings = chunks.getLast().timings();
        assertTrue(timings.stageSeconds().containsKey("decoding"), timings.toString());
        assertTrue(timings.totalSeconds() >= timings.firstTokenSeconds(), timings.toString());
    }

    @Test
    void a_conversation_keeps_what_was_said() {
        Conversation conversation = client.conversation().temperature(0).start();

        conversation.ask(
                "What color is the hexagon in the picture?",
                ContentPart.image(picture("turns_003")));

        assertEquals("top right", conversation.ask("where is it?"));
        assertEquals(2, conversation.numTurns());
    }

    record Seen(int count, String background) {}

    @Test
    void an_answer_is_a_record() {
        ChatCompletionRequest request =
                ChatCompletionRequest.builder()
                        .system("Answer with one JSON object and nothing else.")
                        .user(
                                "Write count and background of the picture in JSON.",
                                ContentPart.image(picture("json_000")))
                        .temperature(0)
                        .build();

        assertEquals(new Seen(2, "grey"), client.chat(request, Seen.class).value());
    }

    @Test
    void questions_about_pictures_have_their_short_form() {
        VqaRequest request =
                VqaRequest.of("What does this say?", ContentPart.image(picture("ocr_seen_000")));

        assertEquals("Voge", client.vqa(request).answer());
        assertEquals(
                "Voge",
                client.streamVqa(request).stream()
                        .map(piece -> piece.text())
                        .collect(Collectors.joining()));
    }

    @Test
    void tokens_are_counted_and_spelt() {
        assertEquals(
                52,
                client.countTokens(
                                ChatCompletionRequest.of(
                                        "What does this say?",
                                        ContentPart.image(picture("ocr_seen_000"))))
                        .promptTokens());
        assertEquals("a red square", client.detokenize(client.tokenize("a red square").tokens()));
    }

    @Test
    void features_of_like_things_are_alike() {
        var features = client.embeddings(EmbeddingRequest.of("a red square", "a red circle"));

        assertTrue(features.data().get(0).cosine(features.data().get(1)) > 0.9);
    }

    @Test
    void the_model_lists_itself() {
        assertEquals("demo", client.models().data().get(0).id());
        assertEquals("loaded", client.model("demo").state());
        assertThrows(NotFoundException.class, () -> client.model("another"));
    }

    @Test
    void a_fault_has_the_code_and_the_field_that_a_server_would_name() {
        BadRequestException fault =
                assertThrows(
                        BadRequestException.class,
                        () -> client.chat(question().temperature(9).build()));

        assertEquals("invalid_value", fault.code());
        assertEquals("temperature", fault.param());
        assertEquals(400, fault.status());
    }

    @Test
    void a_stream_of_a_bad_request_does_not_begin() {
        MoonglassException fault =
                assertThrows(
                        BadRequestException.class,
                        () ->
                                client.stream(
                                        ChatCompletionRequest.of(
                                                "Hello",
                                                ContentPart.image(new byte[] {'B', 'M', 0}))));

        assertEquals("messages[0].content[0].image_url.url", fault.param());
    }

    @Test
    void another_models_name_is_not_found() {
        NotFoundException fault =
                assertThrows(
                        NotFoundException.class,
                        () -> client.chat(question().model("another").build()));

        assertEquals("model_not_found", fault.code());
    }

    @Test
    void there_are_no_files() {
        assertThrows(NotFoundException.class, () -> client.files().list());
        assertThrows(NotFoundException.class, () -> client.files().upload("a", new byte[1]));
    }

    @Test
    void a_file_that_is_not_there_is_told_as_such() {
        ContentPart missing = ContentPart.image(picture("missing"));

        assertThrows(UncheckedIOException.class, () -> client.ask("Hello", missing));
        assertThrows(
                UncheckedIOException.class,
                () -> client.stream(ChatCompletionRequest.of("Hello", missing)));
    }

    @Test
    void a_cancelled_future_ends_its_generation() throws Exception {
        CompletableFuture<ChatCompletion> answer = client.async().chat(endless());
        awaitRunning(model);

        answer.cancel(true);

        awaitIdle();
    }

    @Test
    void an_interrupted_thread_ends_its_request() throws Exception {
        CompletableFuture<Throwable> thrown = new CompletableFuture<>();
        Thread asking =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                client.chat(endless());
                            } catch (MoonglassException e) {
                                thrown.complete(e);
                            }
                        });
        awaitRunning(model);

        asking.interrupt();

        assertInstanceOf(RequestCancelledException.class, thrown.get());
        awaitIdle();
    }

    @Test
    void a_stream_that_is_closed_early_ends_its_generation() throws Exception {
        try (AnswerStream<ChatCompletionChunk> stream = client.stream(endless())) {
            assertEquals("assistant", stream.iterator().next().choices().get(0).delta().role());
        }

        awaitIdle();
    }

    @Test
    void a_slow_reader_gets_every_piece_in_its_order() throws Exception {
        StringBuilder text = new StringBuilder();
        CountDownLatch ended = new CountDownLatch(1);
        client.async().stream(question().build())
                .subscribe(
                        new Flow.Subscriber<>() {
                            private Flow.Subscription subscription;

                            @Override
                            public void onSubscribe(Flow.Subscription given) {
                                subscription = given;
                                ask();
                            }

                            private void ask() {
                                CompletableFuture.delayedExecutor(10, TimeUnit.MILLISECONDS)
                                        .execute(() -> subscription.request(1));
                            }

                            @Override
                            public void onNext(ChatCompletionChunk chunk) {
                                text.append(chunk.text());
                                ask();
                            }

                            @Override
                            public void onError(Throwable fault) {
                                text.append(fault);
                                ended.countDown();
                            }

                            @Override
                            public void onComplete() {
                                ended.countDown();
                            }
                        });

        ended.await();

        assertEquals(
                "A purple square, a red square, a blue star and an orange diamond.",
                text.toString());
    }

    @Test
    void an_answer_that_is_late_is_given_up() throws Exception {
        ChatCompletionRequest hurried =
                ChatCompletionRequest.builder()
                        .user("Hello")
                        .ignoreEos(true)
                        .timeout(Duration.ofMillis(50))
                        .build();

        assertThrows(DeadlineExceededException.class, () -> client.chat(hurried));
        DeadlineExceededException fault =
                assertThrows(
                        DeadlineExceededException.class, () -> client.stream(hurried, chunk -> {}));
        assertFalse(fault.partialText() == null);
        awaitIdle();
    }

    @Test
    void a_picture_is_read_whole_and_as_it_comes() {
        OcrRequest request =
                OcrRequest.builder(MediaSource.of(picture("ocr_seen_000")))
                        .format(OcrFormat.TEXT)
                        .build();

        OcrResult result = client.ocr(request);
        List<OcrEvent> events = client.streamOcr(request).stream().toList();

        assertEquals(1, result.documentPages());
        assertEquals("stop", result.pages().get(0).finishReason());
        assertFalse(result.text().isBlank());
        assertInstanceOf(OcrEvent.PageStarted.class, events.getFirst());
        assertInstanceOf(OcrEvent.Done.class, events.getLast());
        assertEquals(
                result.text(),
                events.stream()
                        .filter(event -> event instanceof OcrEvent.PageDelta)
                        .map(event -> ((OcrEvent.PageDelta) event).delta())
                        .collect(Collectors.joining()));
    }

    @Test
    void what_is_no_page_is_refused_by_name() {
        BadRequestException fault =
                assertThrows(
                        BadRequestException.class,
                        () -> client.ocr(OcrRequest.of(new byte[] {'%', 'P', 'D', 'F', '-', '1'})));

        assertEquals("document", fault.param());
    }

    @Test
    void reading_that_nobody_waits_for_ends() throws Exception {
        OcrRequest endless =
                OcrRequest.builder(MediaSource.of(picture("ocr_seen_000"))).ignoreEos(true).build();
        CompletableFuture<OcrResult> result = client.async().ocr(endless);
        awaitRunning(model);

        result.cancel(true);

        awaitIdle();
        client.streamOcr(endless).close();
        awaitIdle();
    }

    @Test
    void closing_the_model_ends_what_runs_in_whichever_way_it_is_asked() throws Exception {
        InProcessModel closing = DemoModel.builder().load();
        CompletableFuture<ChatCompletion> whole = closing.client().async().chat(endless());
        AnswerStream<ChatCompletionChunk> unread = closing.client().stream(endless());
        AnswerStream<ChatCompletionChunk> read = closing.client().stream(endless());
        awaitRunning(closing);

        closing.close();

        Throwable fault = assertThrows(ExecutionException.class, whole::get).getCause();
        assertInstanceOf(UnavailableException.class, fault);
        assertThrows(UnavailableException.class, () -> read.forEach(chunk -> {}));
        assertThrows(UnavailableException.class, () -> unread.forEach(chunk -> {}));
    }

    @Test
    void a_closed_model_says_so_and_can_be_closed_again() {
        InProcessModel closed = DemoModel.builder().load();
        closed.close();
        closed.close();
        ChatCompletionRequest question = question().build();

        for (Executable ask :
                List.<Executable>of(
                        () -> closed.client().chat(question),
                        () -> closed.client().stream(question),
                        () -> closed.client().models(),
                        () -> closed.client().tokenize("Hello"),
                        () -> closed.client().embeddings(EmbeddingRequest.of("Hello")),
                        () -> closed.client().ocr(OcrRequest.of(picture("ocr_seen_000"))))) {
            UnavailableException fault = assertThrows(UnavailableException.class, ask);
            assertEquals("the model of this process is closed; load it again", fault.getMessage());
        }
    }

    @Test
    void two_models_of_one_process_answer_each_for_itself() {
        InProcessModel other = DemoModel.builder().name("other").load();
        CompletableFuture<ChatCompletion> first = client.async().chat(question().build());
        CompletableFuture<ChatCompletion> second = other.client().async().chat(question().build());

        assertEquals(second.join().choices(), first.join().choices());
        assertEquals("other", second.join().model());
        other.close();

        assertEquals("demo", client.chat(question().build()).model());
    }

    @Test
    void keys_and_ids_of_requests_change_nothing() {
        MoonglassClient same = client.withApiKey("any").withRequestId("any");

        assertEquals("demo", same.models().data().get(0).id());
        assertNull(assertThrows(NotFoundException.class, () -> same.cancel("any")).code());
    }
}
