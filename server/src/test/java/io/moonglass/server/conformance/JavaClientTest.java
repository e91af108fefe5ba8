package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import io.moonglass.clients.FileList;
import io.moonglass.clients.MediaSource;
import io.moonglass.clients.MoonglassClient;
import io.moonglass.clients.NotFoundException;
import io.moonglass.clients.OcrRequest;
import io.moonglass.clients.OverloadedException;
import io.moonglass.clients.RequestTooLargeException;
import io.moonglass.clients.RetryPolicy;
import io.moonglass.clients.UnauthorizedException;
import io.moonglass.clients.UnavailableException;
import io.moonglass.clients.UploadedFile;
import io.moonglass.clients.ocr.OcrEvent;
import io.moonglass.clients.ocr.OcrFormat;
import io.moonglass.clients.schema.Constraint;
import io.moonglass.runtime.ocr.CharacterErrorRate;
import io.moonglass.server.conformance.PrintedPages.Layout;
import io.moonglass.server.http.ApiKeys;
import io.moonglass.vision.image.TestPictures;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Our Java client and our server with a model that sees: what the two make of each other.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class JavaClientTest {

    private static final int WIDTH_OF_PNG_AT = 16;
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @TempDir static Path folder;

    private OneModelServer server;
    private MoonglassClient client;

    record Picture(int count, String background) {}

    @BeforeAll
    void start() {
        server = OneModelServer.start(folder);
        client = MoonglassClient.of(server.address());
    }

    @AfterAll
    void stop() {
        server.proxy().assertAllConforms();
        server.close();
    }

    private static ContentPart.Image picture(String name) {
        return ContentPart.image(DemoServer.PICTURES.resolve(name + ".png"));
    }

    /// Takes minutes, unless somebody ends it.
    private static ChatCompletionRequest endless() {
        return ChatCompletionRequest.builder()
                .user("Hello")
                .ignoreEos(true)
                .maxTokens(4_000)
                .build();
    }

    @Test
    void an_answer_about_a_picture_is_a_record() {
        ChatCompletionRequest question =
                ChatCompletionRequest.of(
                        "Write count and background of the picture in JSON.", picture("json_000"));

        assertEquals(new Picture(2, "grey"), client.chat(question, Picture.class).value());
    }

    record Rating(
            @Constraint(minimum = 3, maximum = 4) int stars,
            @Constraint(pattern = "^[A-Z]{3}$") String code,
            @Constraint(minItems = 2, maxItems = 2) List<Boolean> votes) {}

    @Test
    void an_answer_keeps_the_constraints_of_its_record() {
        ChatCompletionRequest request =
                ChatCompletionRequest.builder().user("Hello").maxTokens(200).build();

        Rating rating = client.chat(request, Rating.class).value();

        assertTrue(rating.stars() >= 3 && rating.stars() <= 4, rating::toString);
        assertTrue(rating.code().matches("[A-Z]{3}"), rating::toString);
        assertEquals(2, rating.votes().size());
    }

    @Test
    void a_picture_is_the_same_by_its_path_its_address_and_its_bytes() throws Exception {
        Path file = DemoServer.PICTURES.resolve("shape_000.png");
        byte[] bytes = Files.readAllBytes(file);
        URI inline =
                URI.create("data:image/png;base64," + Base64.getEncoder().encodeToString(bytes));

        for (ContentPart picture :
                List.of(
                        ContentPart.image(file),
                        ContentPart.image(file.toUri()),
                        ContentPart.image(inline),
                        ContentPart.image(bytes))) {
            assertEquals("cross", client.ask("What is the yellow shape?", picture));
        }
    }

    @Test
    void a_document_is_the_same_by_its_path_its_address_and_its_bytes() throws Exception {
        Path file = PrintedPages.make(folder.resolve("asked.pdf"), Layout.SHORT, 2, 0).file();
        List<Integer> tokens = new ArrayList<>();
        for (ContentPart.Document document :
                List.of(
                        ContentPart.document(file),
                        ContentPart.document(file.toUri()),
                        ContentPart.document(Files.readAllBytes(file)))) {
            ChatCompletionRequest question =
                    ChatCompletionRequest.builder()
                            .user("What does this say?", document.withPages("2"))
                            .maxPixels(50_000)
                            .maxTokens(5)
                            .build();
            tokens.add(client.chat(question).usage().promptTokensDetails().imageTokens());
        }

        assertTrue(tokens.get(0) > 0, tokens::toString);
        assertEquals(1, Set.copyOf(tokens).size(), tokens::toString);
    }

    @Test
    void a_video_is_the_same_by_its_path_its_address_and_its_bytes() throws Exception {
        MovingSquares.needFfmpeg();
        Path file = MovingSquares.H264.in(folder);
        for (ContentPart.Video video :
                List.of(
                        ContentPart.video(file),
                        ContentPart.video(file.toUri()),
                        ContentPart.video(Files.readAllBytes(file)))) {
            ChatCompletionRequest question =
                    ChatCompletionRequest.builder()
                            .user(MovingSquares.H264.question(), video.withMaxFrames(8))
                            .maxPixels(7_056)
                            .temperature(0)
                            .build();
            ChatCompletion answer = client.chat(question);

            assertEquals(MovingSquares.H264.direction(), answer.text());
            assertEquals(8, answer.videos().get(0).seconds().size());
        }
    }

    @Test
    void three_turns_are_about_one_picture() {
        Conversation conversation = client.conversation().temperature(0).start();

        assertEquals(
                "black",
                conversation.ask(
                        "What color is the hexagon in the picture?", picture("turns_003")));
        assertEquals("top right", conversation.ask("where is it?"));
        StringBuilder third = new StringBuilder();
        try (AnswerStream<ChatCompletionChunk> answer =
                conversation.stream("What does the picture show?")) {
            answer.forEach(chunk -> third.append(chunk.text()));
        }

        assertFalse(third.isEmpty());
        assertEquals(6, conversation.history().size());
    }

    @Test
    void a_conversation_is_kept_within_exactly_counted_tokens() {
        Conversation conversation = client.conversation().keepWithin(60).maxTokens(5).start();
        for (int i = 0; i < 6; i++) {
            ChatCompletion answer = conversation.chat("Hello, this is question " + i);
            assertTrue(answer.usage().promptTokens() <= 60, answer::toString);
        }
        assertEquals(6, conversation.numTurns());
    }

    @Test
    void tokens_are_counted_as_the_answer_counts_them() {
        ChatCompletionRequest question =
                ChatCompletionRequest.of("What is the yellow shape?", picture("shape_000"));

        assertEquals(
                client.chat(question).usage().promptTokens(),
                client.countTokens(question).promptTokens());
        assertEquals("a red square", client.detokenize(client.tokenize("a red square").tokens()));
    }

    @Test
    void pages_are_read_whole_and_as_they_come() {
        PrintedPages pages = PrintedPages.make(folder.resolve("pages.pdf"), Layout.SHORT, 3, 0);
        OcrRequest request =
                OcrRequest.builder(MediaSource.of(pages.file()))
                        .format(OcrFormat.TEXT)
                        .dpi(72)
                        .build();
        List<Integer> done = new ArrayList<>();
        StringBuilder told = new StringBuilder();
        try (AnswerStream<OcrEvent> events = client.streamOcr(request)) {
            for (OcrEvent event : events) {
                switch (event) {
                    case OcrEvent.PageStarted started -> assertEquals(3, started.pages());
                    case OcrEvent.PageDelta delta -> told.append(delta.delta());
                    case OcrEvent.PageDone page -> {
                        done.add(page.page().page());
                        assertTrue(told.toString().endsWith(page.page().text()));
                    }
                    case OcrEvent.Done end -> assertEquals(3, end.pagesProcessed());
                }
            }
        }

        assertEquals(List.of(1, 2, 3), done);
        String whole = client.ocr(request).text();
        assertTrue(
                CharacterErrorRate.of(String.join("\n\n", pages.texts()), whole).rate() < 0.4,
                whole);
    }

    @Test
    void a_file_is_shown_by_its_id_until_it_is_deleted() {
        UploadedFile file = client.files().upload(DemoServer.PICTURES.resolve("shape_000.png"));

        assertEquals(
                "cross",
                client.ask("What is the yellow shape?", ContentPart.image(MediaSource.of(file))));
        assertEquals(file, client.files().get(file.id()));
        assertEquals(file.bytes(), client.files().content(file.id()).length);
        client.files().delete(file.id());
        assertThrows(NotFoundException.class, () -> client.files().get(file.id()));
    }

    @Test
    void a_large_picture_is_uploaded_once_for_all_turns() {
        MoonglassClient uploading =
                MoonglassClient.builder(server.address()).uploadOver(1_000).build();
        int numBefore = client.files().list().data().size();
        Conversation conversation = uploading.conversation().temperature(0).start();

        assertEquals("cross", conversation.ask("What is the yellow shape?", picture("shape_000")));
        conversation.ask("And what else?");

        FileList files = client.files().list();
        assertEquals(numBefore + 1, files.data().size());
        assertTrue(files.data().get(0).expiresAt() != null, "it does not stay for ever");
    }

    @Test
    void a_picture_that_is_too_large_is_refused_by_name() {
        byte[] huge = TestPictures.bytes("rgb.png");
        ByteBuffer.wrap(huge).putInt(WIDTH_OF_PNG_AT, 65_535).putInt(WIDTH_OF_PNG_AT + 4, 65_535);
        TestPictures.mendChecksums(huge);

        RequestTooLargeException fault =
                assertThrows(
                        RequestTooLargeException.class,
                        () -> client.ask("what?", ContentPart.image(huge)));

        assertEquals("messages[0].content[0].image_url.url", fault.param());
        assertEquals("media_too_large", fault.code());
    }

    @Test
    void a_wrong_value_is_named() {
        BadRequestException fault =
                assertThrows(
                        BadRequestException.class,
                        () ->
                                client.chat(
                                        ChatCompletionRequest.builder()
                                                .user("Hello")
                                                .topP(7)
                                                .build()));

        assertEquals("top_p", fault.param());
    }

    @Test
    void a_request_that_is_given_up_ends_on_the_server() throws Exception {
        try (DemoClient metrics = new DemoClient(server.directAddress().toString())) {
            double before = ended(metrics);
            MoonglassClient direct = MoonglassClient.of(server.directAddress());
            CompletableFuture<ChatCompletion> answer = direct.async().chat(endless());
            await(() -> metrics.metric("moonglass_requests_running") > 0);

            answer.cancel(true);

            await(() -> ended(metrics) == before + 1);
            AnswerStream<ChatCompletionChunk> stream = direct.stream(endless());
            stream.close();
            await(() -> ended(metrics) == before + 2);
            await(() -> metrics.metric("moonglass_requests_running") == 0);
        }
    }

    /// Of those that were cancelled, in either way: by their id, or because their client was gone.
    private static double ended(DemoClient metrics) {
        return metrics.metric("moonglass_requests_total{outcome=\"cancelled\"}")
                + metrics.metric("moonglass_requests_total{outcome=\"client_gone\"}");
    }

    @Test
    void a_server_that_is_too_slow_is_given_up_at_either_end() throws Exception {
        MoonglassClient hasty =
                MoonglassClient.builder(server.directAddress())
                        .requestTimeout(Duration.ofSeconds(1))
                        .build();
        try (DemoClient metrics = new DemoClient(server.directAddress().toString())) {
            double before = ended(metrics);

            DeadlineExceededException here =
                    assertThrows(DeadlineExceededException.class, () -> hasty.chat(endless()));

            assertEquals(0, here.status());
            await(() -> ended(metrics) == before + 1);
        }
        ChatCompletionRequest brief = endless().toBuilder().timeout(Duration.ofSeconds(1)).build();
        DeadlineExceededException there =
                assertThrows(DeadlineExceededException.class, () -> client.chat(brief));
        assertEquals("deadline_exceeded", there.code());
    }

    @Test
    void a_server_that_restarts_amid_a_stream_is_told_of_and_used_again() {
        try (OneModelServer restarting = OneModelServer.start(folder.resolve("restarting"))) {
            MoonglassClient steady = MoonglassClient.of(restarting.directAddress());
            try (AnswerStream<ChatCompletionChunk> answer = steady.stream(endless())) {
                Iterator<ChatCompletionChunk> pieces = answer.iterator();
                StringBuilder text = new StringBuilder();
                while (text.isEmpty()) {
                    text.append(pieces.next().text());
                }

                restarting.restart();

                UnavailableException fault =
                        assertThrows(
                                UnavailableException.class,
                                () -> pieces.forEachRemaining(piece -> text.append(piece.text())));
                assertEquals(text.toString(), fault.partialText());
                assertEquals("server_shutting_down", fault.code());
            }

            assertEquals("cross", steady.ask("What is the yellow shape?", picture("shape_000")));
        }
    }

    @Test
    void a_server_that_is_busy_is_asked_again_when_it_says() {
        try (OneModelServer small =
                OneModelServer.start(
                        folder.resolve("small"), options -> options.withMaxConcurrentRequests(1))) {
            MoonglassClient patient = MoonglassClient.of(small.directAddress());
            MoonglassClient hasty =
                    MoonglassClient.builder(small.directAddress())
                            .retries(RetryPolicy.NONE)
                            .build();
            try (AnswerStream<ChatCompletionChunk> first = patient.stream(endless())) {
                OverloadedException busy =
                        assertThrows(OverloadedException.class, () -> hasty.ask("Hello"));
                assertEquals(Optional.of(Duration.ofSeconds(5)), busy.retryAfter());

                CompletableFuture<ChatCompletion> second =
                        patient.async().chat(ChatCompletionRequest.of("Hello"));
                // its first try is refused before the first answer ends
                await(() -> refused(small) == 2);
                first.close();

                assertEquals("Hello! Show me a picture and ask about it.", second.join().text());
            }
        }
    }

    private static double refused(OneModelServer server) {
        try (DemoClient metrics = new DemoClient(server.directAddress().toString())) {
            return metrics.metric("moonglass_refusals_total{reason=\"overloaded\"}");
        }
    }

    @Test
    void a_wrong_key_is_told_of_and_a_right_one_is_not() throws Exception {
        // SHA-256 of "abc", as FIPS 180-2 gives it in appendix B.1
        String hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        Path keys = Files.writeString(folder.resolve("keys"), "alice " + hash);
        try (OneModelServer locked =
                OneModelServer.start(
                        folder.resolve("locked"),
                        options -> options.withApiKeys(ApiKeys.read(keys)))) {
            MoonglassClient keyless = MoonglassClient.of(locked.directAddress());

            assertThrows(UnauthorizedException.class, keyless::models);
            assertThrows(UnauthorizedException.class, () -> keyless.withApiKey("abd").ask("Hello"));
            assertEquals(1, keyless.withApiKey("abc").models().data().size());
        }
    }

    private interface Condition {
        boolean holds();
    }

    private static void await(Condition condition) {
        long endNanos = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.holds()) {
            assertTrue(System.nanoTime() < endNanos, "it never came to that");
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
