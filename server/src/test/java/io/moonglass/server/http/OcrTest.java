package io.moonglass.server.http;

import static io.moonglass.server.http.RunningServer.json;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.engine.FinishReason;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.ocr.BlankTileException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `POST /v1/ocr` of a document whose pages a script reads.
class OcrTest {

    private static final String DOCUMENT = "\"document\": \"data:application/pdf;base64,AA\"";

    private final RunningServer server = new RunningServer();

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void every_page_is_told_with_its_number_its_text_and_what_it_cost() {
        server.model.tilesOfPages = new int[] {1, 1};
        sayWhichPage();

        JsonNode result = json(server.post("/v1/ocr", "{" + DOCUMENT + "}").body());

        assertEquals(2, result.get("document_pages").intValue());
        assertEquals(2, result.get("pages_processed").intValue());
        for (int i = 0; i < 2; i++) {
            JsonNode page = result.get("pages").get(i);
            assertEquals(i + 1, page.get("page").intValue());
            assertEquals("text of page:" + (i + 1), page.get("markdown").textValue());
            assertEquals("stop", page.get("finish_reason").textValue());
            assertEquals(11, page.at("/usage/prompt_tokens").intValue());
            assertEquals(150, page.at("/dimensions/dpi").intValue());
        }
        assertEquals(22, result.at("/usage/prompt_tokens").intValue());
    }

    @Test
    void pages_are_streamed_in_order_however_they_are_read() {
        int numPages = 6;
        server.model.tilesOfPages = IntStream.generate(() -> 1).limit(numPages).toArray();
        CountDownLatch secondIsRead = new CountDownLatch(1);
        server.model.script =
                (request, events, _) -> {
                    String page = pageOf(request.messages().getFirst().content().getFirst());
                    if (page.equals("page:1")) {
                        secondIsRead.await();
                    }
                    events.accept(new GenerationEvent.TextDelta("text of "));
                    events.accept(new GenerationEvent.TextDelta(page));
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                    if (page.equals("page:2")) {
                        secondIsRead.countDown();
                    }
                };

        List<JsonNode> events = stream("{" + DOCUMENT + ", \"stream\": true}");

        List<Integer> done =
                events.stream()
                        .filter(event -> event.path("type").asText().equals("page.done"))
                        .map(event -> event.get("page").intValue())
                        .toList();
        assertEquals(IntStream.rangeClosed(1, numPages).boxed().toList(), done);
        String deltas =
                events.stream()
                        .filter(event -> event.path("page").asInt() == 3)
                        .map(event -> event.path("delta").asText())
                        .reduce("", String::concat);
        assertEquals("text of page:3", deltas);
        assertEquals("done", events.getLast().get("type").textValue());
    }

    @Test
    void no_more_than_a_few_tiles_are_read_at_a_time() {
        server.model.tilesOfPages = IntStream.generate(() -> 1).limit(12).toArray();
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        server.model.script =
                (_, events, _) -> {
                    most.accumulateAndGet(now.incrementAndGet(), Math::max);
                    Thread.sleep(20);
                    now.decrementAndGet();
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };

        assertEquals(200, server.post("/v1/ocr", "{" + DOCUMENT + "}").statusCode());
        assertTrue(most.get() <= 4, "read at a time: " + most);
    }

    @Test
    void tiles_of_a_page_become_one_text() {
        server.model.tilesOfPages = new int[] {3};
        AtomicInteger tile = new AtomicInteger();
        server.model.script =
                (_, events, _) -> {
                    int index = tile.getAndIncrement();
                    events.accept(
                            new GenerationEvent.TextDelta(
                                    "line number %d\nline number %d".formatted(index, index + 1)));
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };

        JsonNode page =
                json(server.post("/v1/ocr", "{" + DOCUMENT + ", \"format\": \"text\"}").body())
                        .get("pages")
                        .get(0);

        assertEquals(3, page.get("tiles").intValue());
        assertTrue(page.get("text").textValue().contains("line number 3"), page.toString());
    }

    @Test
    void what_is_blank_has_no_text_and_costs_nothing() {
        server.model.tilesOfPages = new int[] {1, 2, 1};
        AtomicInteger tile = new AtomicInteger();
        server.model.beforeGenerate =
                _ -> {
                    if (tile.incrementAndGet() <= 2) { // the first page, and a half of the second
                        throw new BlankTileException();
                    }
                };
        sayWhichPage();

        JsonNode result = json(server.post("/v1/ocr", "{" + DOCUMENT + "}").body());

        JsonNode blank = result.get("pages").get(0);
        assertEquals("", blank.get("markdown").textValue());
        assertEquals("stop", blank.get("finish_reason").textValue());
        assertEquals(0, blank.at("/usage/total_tokens").intValue());
        for (int i = 1; i <= 2; i++) {
            JsonNode page = result.get("pages").get(i);
            assertEquals("text of page:" + (i + 1), page.get("markdown").textValue());
            assertEquals(11, page.at("/usage/prompt_tokens").intValue());
        }
        assertEquals(22, result.at("/usage/prompt_tokens").intValue());
    }

    @Test
    void a_damaged_page_is_told_and_the_others_are_read() {
        server.model.tilesOfPages = new int[] {1, -1, 1};
        sayWhichPage();

        JsonNode pages = json(server.post("/v1/ocr", "{" + DOCUMENT + "}").body()).get("pages");

        assertEquals("text of page:1", pages.get(0).get("markdown").textValue());
        assertEquals("invalid_image", pages.get(1).at("/error/code").textValue());
        assertFalse(pages.get(1).has("markdown"));
        assertEquals("text of page:3", pages.get(2).get("markdown").textValue());
    }

    @Test
    void a_page_that_cannot_be_drawn_is_told_and_the_others_are_read() {
        server.model.tilesOfPages = new int[] {1, 2, 1};
        sayWhichPage();
        server.model.afterMeasuring =
                request -> {
                    ContentPart tile = request.messages().getFirst().content().getFirst();
                    if (pageOf(tile).equals("page:2")) {
                        throw new InvalidRequestException(
                                InvalidRequestException.Kind.INVALID_MEDIA, "document", "no page");
                    }
                };

        JsonNode pages = json(server.post("/v1/ocr", "{" + DOCUMENT + "}").body()).get("pages");

        assertEquals("text of page:1", pages.get(0).get("markdown").textValue());
        assertEquals("invalid_media", pages.get(1).at("/error/code").textValue());
        assertEquals("text of page:3", pages.get(2).get("markdown").textValue());
    }

    @Test
    void a_document_that_cannot_be_opened_fails_with_a_status_of_its_own() {
        server.model.refusal =
                new InvalidRequestException(
                        InvalidRequestException.Kind.UNSUPPORTED_MEDIA, "document", "no document");

        for (String stream : List.of("", ", \"stream\": true")) {
            HttpResponse<String> refused = server.post("/v1/ocr", "{" + DOCUMENT + stream + "}");
            assertEquals(422, refused.statusCode(), refused.body());
        }
    }

    @Test
    void the_question_is_the_one_that_models_are_trained_on() {
        for (String format : List.of("text", "markdown")) {
            server.post("/v1/ocr", "{" + DOCUMENT + ", \"format\": \"" + format + "\"}");

            List<ContentPart> parts = server.model.lastRequest().messages().getFirst().content();
            String asked = ((ContentPart.Text) parts.get(1)).text();
            assertEquals(
                    format.equals("text")
                            ? "Read all the text in the picture."
                            : "Convert the page to Markdown.",
                    asked);
            assertEquals(0, server.model.lastRequest().answer().sampling().temperature());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"document\": \"https://example.org/a.pdf\"}",
                "{\"image\": \"https://example.org/a.pdf\"}",
                "{\"document\": {\"type\": \"document_url\", \"document_url\": \"https://example.org/a.pdf\"}}",
                "{\"document\": {\"type\": \"image_url\", \"image_url\": {\"url\": \"https://example.org/a.pdf\"}}}",
                "{\"file\": {\"file_url\": \"https://example.org/a.pdf\"}}"
            })
    void a_document_is_taken_in_each_way_that_clients_write_it(String body) {
        assertEquals(200, server.post("/v1/ocr", body).statusCode());
        assertEquals(
                new MediaSource.Address("https://example.org/a.pdf"),
                server.model.lastOpened.source());
    }

    @Test
    void pages_are_a_text_or_a_list_of_numbers() {
        server.post("/v1/ocr", "{" + DOCUMENT + ", \"pages\": \"1-3,7\", \"dpi\": 200}");
        assertArrayEquals(new int[] {0, 1, 2, 6}, server.model.lastWish.pages().in(9, 9));
        assertEquals(200, server.model.lastWish.dpi().orElseThrow());
        server.post("/v1/ocr", "{" + DOCUMENT + ", \"pages\": [2, 5]}");
        assertArrayEquals(new int[] {1, 4}, server.model.lastWish.pages().in(9, 9));
    }

    @Test
    void a_documents_bytes_may_be_base64_without_an_address() {
        assertEquals(
                200,
                server.post("/v1/ocr", "{\"file\": {\"file_data\": \"JVBERg==\"}}").statusCode());

        String url = ((MediaSource.Address) server.model.lastOpened.source()).url();
        assertTrue(url.startsWith("data:") && url.endsWith(",JVBERg=="), url);
    }

    @Test
    void a_form_says_the_same_as_json() {
        HttpResponse<String> response =
                server.send(
                        server.request("/v1/ocr")
                                .header("Content-Type", "multipart/form-data; boundary=xyz")
                                .POST(
                                        HttpRequest.BodyPublishers.ofString(
                                                field("document\"; filename=\"a.pdf", "%PDF-")
                                                        + field("dpi", "200")
                                                        + field("pages", "2")
                                                        + field("pages", "5-6")
                                                        + "--xyz--")));

        assertEquals(200, response.statusCode(), response.body());
        assertEquals(200, server.model.lastWish.dpi().orElseThrow());
        assertArrayEquals(new int[] {1, 4, 5}, server.model.lastWish.pages().in(9, 9));
    }

    private static String field(String name, String value) {
        return "--xyz\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n"
                .formatted(name, value);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{" + DOCUMENT + ", \"image\": \"data:,a\"}",
                "{" + DOCUMENT + ", \"format\": \"html\"}",
                "{" + DOCUMENT + ", \"dpi\": 100000}",
                "{" + DOCUMENT + ", \"pages\": [1.5]}",
                "{\"document\": 5}",
                "{\"document\": {}}"
            })
    void what_makes_no_sense_is_refused(String body) {
        HttpResponse<String> refused = server.post("/v1/ocr", body);
        assertEquals(400, refused.statusCode(), refused.body());
    }

    private void sayWhichPage() {
        server.model.script =
                (request, events, _) -> {
                    ContentPart tile = request.messages().getFirst().content().getFirst();
                    events.accept(new GenerationEvent.TextDelta("text of " + pageOf(tile)));
                    events.accept(ScriptedModel.finished(FinishReason.STOP));
                };
    }

    private static String pageOf(ContentPart tile) {
        return ((MediaSource.Address) ((ContentPart.Picture) tile).source()).url();
    }

    private List<JsonNode> stream(String body) {
        return server.post("/v1/ocr", body)
                .body()
                .lines()
                .filter(line -> line.startsWith("data: {"))
                .map(line -> json(line.substring("data: ".length())))
                .toList();
    }
}
