package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.runtime.ocr.CharacterErrorRate;
import io.moonglass.server.conformance.PrintedPages.Layout;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Documents that are read over HTTP by the demo model.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class PageReadingTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int NUM_PAGES = 30;

    /// At which a point is a pixel.
    private static final int DPI = 72;

    /// At most so many pixels of a page are shown in a conversation, so that a point is about a pixel there too.
    private static final int PAGE_PIXELS = 240 * 130;

    @TempDir static Path folder;

    private DemoServer server;
    private DemoClient client;
    private PrintedPages thirty;

    @BeforeAll
    void start() {
        server = DemoServer.start(folder.resolve("server"));
        client = new DemoClient(server.address());
        thirty = PrintedPages.make(folder.resolve("thirty.pdf"), Layout.SHORT, NUM_PAGES, 0);
    }

    @AfterAll
    void stop() {
        client.close();
        server.close();
    }

    @AfterEach
    void all_that_was_said_is_as_the_document_has_it() {
        server.proxy().assertAllConforms();
    }

    @Test
    void thirty_pages_come_one_by_one_and_the_first_before_the_last_is_drawn() throws Exception {
        // a file of its own: what was read before need not be drawn
        PrintedPages pages =
                PrintedPages.make(folder.resolve("streamed.pdf"), Layout.SHORT, NUM_PAGES, 0);
        double drawnBefore = client.metric("moonglass_decoded_pictures_total");
        List<JsonNode> events = new ArrayList<>();
        double drawnAtFirst = 0;
        try (Events stream = new Events(client.stream("/v1/ocr", ocr(pages).put("stream", true)))) {
            for (Optional<JsonNode> next; (next = stream.next()).isPresent(); ) {
                events.add(next.get());
                if (drawnAtFirst == 0 && isOf(next.get(), "page.done")) {
                    drawnAtFirst = client.metric("moonglass_decoded_pictures_total") - drawnBefore;
                }
            }
        }

        assertTrue(
                drawnAtFirst > 0 && drawnAtFirst < NUM_PAGES,
                "drawn when the first was read: " + drawnAtFirst);
        assertInOrder(events);
        List<JsonNode> done = events.stream().filter(event -> isOf(event, "page.done")).toList();
        for (JsonNode page : done) {
            assertEquals(240, page.at("/dimensions/width").intValue());
            assertEquals(130, page.at("/dimensions/height").intValue());
            assertEquals(DPI, page.at("/dimensions/dpi").intValue());
            assertEquals(1, page.get("tiles").intValue());
            assertTrue(page.at("/usage/prompt_tokens_details/image_tokens").intValue() > 0);
        }
        JsonNode end = events.getLast();
        assertEquals("done", end.get("type").textValue());
        assertEquals(NUM_PAGES, end.get("document_pages").intValue());
        assertEquals(NUM_PAGES, end.get("pages_processed").intValue());
        for (String count : List.of("prompt_tokens", "completion_tokens", "total_tokens")) {
            int sum = done.stream().mapToInt(page -> page.at("/usage/" + count).intValue()).sum();
            assertEquals(sum, end.at("/usage/" + count).intValue(), count);
        }
        assertRead(pages, done, "text", 0.2);
    }

    /// Each page begins, tells its text in pieces, and ends, before the next one.
    private static void assertInOrder(List<JsonNode> events) {
        int page = 0;
        StringBuilder told = new StringBuilder();
        for (JsonNode event : events.subList(0, events.size() - 1)) {
            switch (event.get("type").textValue()) {
                case "page.started" -> {
                    page++;
                    told.setLength(0);
                    assertEquals(NUM_PAGES, event.get("pages").intValue());
                }
                case "page.delta" -> told.append(event.get("delta").textValue());
                case "page.done" -> assertEquals(event.get("text").textValue(), told.toString());
                default -> throw new AssertionError(event.toString());
            }
            assertEquals(page, event.get("page").intValue());
        }
        assertEquals(NUM_PAGES, page);
    }

    @Test
    void as_markdown_pages_say_about_the_same() {
        JsonNode result = client.post("/v1/ocr", ocr(thirty).put("format", "markdown"));

        assertRead(thirty, list(result.get("pages")), "markdown", 0.3);
    }

    @Test
    void a_long_page_is_read_in_tiles() {
        PrintedPages pages = PrintedPages.make(folder.resolve("long.pdf"), Layout.LONG, 6, 0);

        List<JsonNode> read = list(client.post("/v1/ocr", ocr(pages)).get("pages"));

        for (JsonNode page : read) {
            assertEquals(3, page.get("tiles").intValue());
            assertEquals(1_050, page.at("/dimensions/height").intValue());
        }
        assertRead(pages, read, "text", 0.5);
    }

    @Test
    void pages_on_which_nothing_is_printed_have_no_text_and_cost_nothing() {
        PrintedPages pages = PrintedPages.make(folder.resolve("blank.pdf"), Layout.LONG, 1, 1);
        double asked = client.metric("moonglass_encoder_cache_queries_total");

        for (String format : List.of("text", "markdown")) {
            JsonNode result = client.post("/v1/ocr", ocr(pages).put("format", format));

            JsonNode blank = result.at("/pages/1");
            assertEquals(3, blank.get("tiles").intValue());
            assertEquals("", blank.get(format).textValue());
            assertEquals("stop", blank.get("finish_reason").textValue());
            assertEquals(0, blank.at("/usage/total_tokens").intValue());
            assertTrue(!result.at("/pages/0/" + format).textValue().isEmpty());
            assertEquals(
                    result.at("/pages/0/usage/total_tokens"), result.at("/usage/total_tokens"));
        }
        assertEquals(
                2 * 3,
                client.metric("moonglass_encoder_cache_queries_total") - asked,
                "tiles that were encoded or known");
    }

    @Test
    void a_picture_is_a_page() {
        ObjectNode body = JSON.createObjectNode().put("format", "text");
        body.put("image", DemoServer.pictureAddress("ocr_seen_003"));

        JsonNode result = client.post("/v1/ocr", body);

        assertEquals(1, result.get("document_pages").intValue());
        assertEquals(1, result.at("/pages/0/page").intValue());
        assertTrue(result.at("/pages/0/dimensions/dpi").isMissingNode());
        assertEquals("$11.33", result.at("/pages/0/text").textValue());
    }

    @Test
    void pages_of_a_form_are_chosen() {
        JsonNode result =
                client.postForm(
                        "/v1/ocr",
                        "document",
                        thirty.file(),
                        Map.of("pages", "2,29-", "dpi", "" + DPI, "format", "text"));

        List<JsonNode> pages = list(result.get("pages"));
        assertEquals(
                List.of(2, 29, 30),
                pages.stream().map(page -> page.get("page").intValue()).toList());
        assertEquals(NUM_PAGES, result.get("document_pages").intValue());
        assertRead(thirty, pages, "text", 0.4);
    }

    @Test
    void a_reader_who_leaves_in_the_middle_leaves_nothing_behind() throws Exception {
        // another file, none of whose pages was encoded before
        PrintedPages pages =
                PrintedPages.make(folder.resolve("left.pdf"), Layout.SHORT, 2 * NUM_PAGES, 0);
        double drawn = client.metric("moonglass_decoded_pictures_total");
        try (Events stream = new Events(client.stream("/v1/ocr", ocr(pages).put("stream", true)))) {
            while (!isOf(stream.next().orElseThrow(), "page.done")) {}
        }

        for (String what :
                List.of(
                        "moonglass_sequences_running",
                        "moonglass_sequences_waiting",
                        "moonglass_kv_blocks_in_use",
                        "moonglass_queued_tokens",
                        "moonglass_queued_pixels",
                        "moonglass_media_workers_busy")) {
            await(what, () -> client.metric(what) == 0);
        }
        assertTrue(
                client.metric("moonglass_decoded_pictures_total") - drawn < 2 * NUM_PAGES,
                "all pages were drawn for a reader who had left");
        assertEquals(200, client.send("/v1/ocr", ocr(thirty)).statusCode());
    }

    @Test
    void a_document_is_a_part_of_chats() {
        ObjectNode body = JSON.createObjectNode().put("temperature", 0).put("max_tokens", 60);
        ObjectNode file = shown(JSON.createObjectNode(), "7");
        file.put("file_data", DemoClient.dataAddress("application/pdf", thirty.file()));
        body.putArray("messages")
                .addObject()
                .put("role", "user")
                .putArray("content")
                .add(JSON.createObjectNode().put("type", "file").set("file", file))
                .add(text("text"));

        JsonNode count = client.post("/v1/count_tokens", body);
        JsonNode answer = client.post("/v1/chat/completions", body);

        assertEquals(1, answer.get("images").size());
        assertEquals(answer.at("/usage/prompt_tokens"), count.get("prompt_tokens"));
        assertRead(7, answer.at("/choices/0/message/content").textValue());

        file.put("pages", "31");
        assertEquals(
                "messages[0].content[0].file.file_data: pages has 31, the document has 30; want numbers from 1 to 30",
                DemoClient.json(client.send("/v1/chat/completions", body).body())
                        .at("/error/message")
                        .textValue());
        file.putArray("pages").add(7).add(9);
        assertEquals(2, client.post("/v1/count_tokens", body).get("images").size());
        file.remove("pages");
        assertEquals(NUM_PAGES, client.post("/v1/count_tokens", body).get("images").size());
    }

    @Test
    void a_document_is_a_part_of_responses() {
        ObjectNode body = JSON.createObjectNode().put("temperature", 0);
        ObjectNode part = shown(JSON.createObjectNode(), "11").put("type", "input_file");
        part.put("file_id", client.upload(thirty.file()));
        body.putArray("input")
                .addObject()
                .put("role", "user")
                .putArray("content")
                .add(part)
                .add(text("input_text"));

        JsonNode answer = client.post("/v1/responses", body);

        assertRead(11, answer.at("/output/0/content/0/text").textValue());
    }

    @Test
    void a_document_is_a_part_of_messages() {
        ObjectNode body = JSON.createObjectNode().put("temperature", 0).put("max_tokens", 60);
        ObjectNode block = shown(JSON.createObjectNode(), "30").put("type", "document");
        String address = DemoClient.dataAddress("application/pdf", thirty.file());
        block.putObject("source")
                .put("type", "base64")
                .put("media_type", "application/pdf")
                .put("data", address.substring(address.indexOf(',') + 1));
        body.putArray("messages")
                .addObject()
                .put("role", "user")
                .putArray("content")
                .add(block)
                .add(text("text"));

        JsonNode answer = client.post("/v1/messages", body);

        assertRead(30, answer.at("/content/0/text").textValue());
    }

    private static ObjectNode shown(ObjectNode file, String pages) {
        return file.put("pages", pages).put("max_pixels", PAGE_PIXELS);
    }

    private static ObjectNode text(String type) {
        return JSON.createObjectNode()
                .put("type", type)
                .put("text", "Read all the text in the picture.");
    }

    private static ObjectNode ocr(PrintedPages pages) {
        return JSON.createObjectNode()
                .put("document", DemoClient.dataAddress("application/pdf", pages.file()))
                .put("dpi", DPI)
                .put("format", "text");
    }

    /// @param page from 1
    private void assertRead(int page, String read) {
        double rate = CharacterErrorRate.of(thirty.texts().get(page - 1), read).rate();
        assertTrue(rate < 0.4, () -> "page %d: %s".formatted(page, read));
    }

    /// @param most characters that may be wrong, as a part of all
    private static void assertRead(
            PrintedPages pages, List<JsonNode> read, String key, double most) {
        CharacterErrorRate rate =
                read.stream()
                        .map(page ->
                                CharacterErrorRate.of(
                                        pages.texts().get(page.get("page").intValue() - 1),
                                        page.get(key).textValue()))
                        .reduce(CharacterErrorRate::plus)
                        .orElseThrow();
        System.out.printf(
                "%s: %d pages as %s, %d of %d characters wrong, %.1f %%%n",
                pages.file().getFileName(),
                read.size(),
                key,
                rate.numEdits(),
                rate.numCharacters(),
                100 * rate.rate());
        assertTrue(rate.rate() < most, () -> "%s: %s".formatted(rate.rate(), read));
    }

    private static boolean isOf(JsonNode event, String type) {
        return event.get("type").textValue().equals(type);
    }

    private static List<JsonNode> list(JsonNode array) {
        return IntStream.range(0, array.size()).mapToObj(array::get).toList();
    }

    private static void await(String what, BooleanSupplier reached) throws InterruptedException {
        for (int tries = 0; !reached.getAsBoolean(); tries++) {
            assertTrue(tries < 600, "not over: " + what);
            Thread.sleep(50);
        }
    }

    /// Server-sent events as they come.
    private record Events(BufferedReader lines) implements AutoCloseable {

        Events(InputStream stream) {
            this(new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8)));
        }

        /// Waits for one; empty at the end.
        Optional<JsonNode> next() throws IOException {
            for (String line; (line = lines.readLine()) != null; ) {
                if (line.equals("data: [DONE]")) {
                    return Optional.empty();
                }
                if (line.startsWith("data: ")) {
                    return Optional.of(DemoClient.json(line.substring("data: ".length())));
                }
            }
            throw new AssertionError("the stream has no end");
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }
}
