package io.moonglass.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.engine.CacheType;
import io.moonglass.engine.EngineOptions;
import io.moonglass.engine.FinishReason;
import io.moonglass.loader.GoldenPrompt;
import io.moonglass.loader.TestModels;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.runtime.media.MediaOptions;
import io.moonglass.server.http.MoonglassServer;
import io.moonglass.server.http.ServerOptions;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The recorded model behind the real server: what a client sends, what it gets.
class TinyModelServerTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_IMAGES = 4;
    private static final int MAX_RUNNING = 4;
    private static final int CONTEXT_LENGTH = 4_096;
    private static final String IMAGE_URL = "messages[0].content[0].image_url.url";

    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private static WatchedModel model;
    private static MoonglassServer server;

    @BeforeAll
    static void start() {
        model =
                new WatchedModel(
                        LocalChatModel.load(
                                TestModels.tinyRandom(),
                                ChatModelOptions.DEFAULT
                                        .withNumThreads(2)
                                        .withEngine(_ ->
                                                new EngineOptions(
                                                        CONTEXT_LENGTH,
                                                        1_024,
                                                        256,
                                                        MAX_RUNNING,
                                                        CacheType.F32))
                                        .withMedia(
                                                MediaOptions.DEFAULT.withMaxImages(MAX_IMAGES))));
        server =
                MoonglassServer.start(
                        model, ServerOptions.DEFAULT.withPort(0).withDrainTimeout(Duration.ZERO));
    }

    @AfterAll
    static void stop() {
        HTTP.shutdownNow();
        server.close();
        model.close();
    }

    @BeforeEach
    void forgetEarlierGenerations() {
        model.begun().drainPermits();
        model.ends().clear();
    }

    static Stream<GoldenPrompt> prompts() {
        return GoldenPrompt.all();
    }

    @ParameterizedTest
    @MethodSource("prompts")
    void recorded_prompts_get_their_recorded_answers(GoldenPrompt prompt) throws Exception {
        assertAnswers(prompt, send(request(prompt)));
        assertStreams(prompt, send(request(prompt).put("stream", true)));
    }

    @Test
    void eight_streams_at_once_are_all_right() {
        List<GoldenPrompt> prompts = new ArrayList<>(prompts().toList());
        prompts.add(GoldenPrompt.named("two_images"));
        prompts.add(GoldenPrompt.named("text"));

        List<CompletableFuture<HttpResponse<String>>> responses =
                prompts.stream()
                        .map(prompt -> sendLater(request(prompt).put("stream", true)))
                        .toList();

        assertEquals(8, responses.size());
        for (int i = 0; i < responses.size(); i++) {
            assertStreams(prompts.get(i), responses.get(i).join());
        }
    }

    @Test
    void clients_that_leave_in_the_middle_free_their_places() throws Exception {
        GoldenPrompt prompt = GoldenPrompt.named("image");
        List<InputStream> endless = new ArrayList<>();
        for (int i = 0; i < MAX_RUNNING; i++) {
            InputStream body = stream(endless()).body();
            assertTrue(body.read() >= 0);
            endless.add(body);
        }
        CompletableFuture<HttpResponse<String>> waiting =
                sendLater(request(prompt).put("stream", true));

        endless.getFirst().close();

        assertStreams(prompt, waiting.join());
        assertEquals(FinishReason.CANCELLED, nextEnd());
        assertEquals(FinishReason.LENGTH, nextEnd());
        for (InputStream body : endless.subList(1, endless.size())) {
            assertTrue(body.read() >= 0, "the others go on");
            body.close();
            assertEquals(FinishReason.CANCELLED, nextEnd());
        }
    }

    @Test
    void a_client_that_leaves_before_its_whole_answer_frees_its_place() throws Exception {
        CompletableFuture<HttpResponse<String>> leaving = sendLater(endless().put("stream", false));
        assertTrue(model.begun().tryAcquire(30, TimeUnit.SECONDS));

        leaving.cancel(true);

        assertEquals(FinishReason.CANCELLED, nextEnd());
    }

    @Test
    void several_answers_to_one_prompt_are_all_right() throws Exception {
        GoldenPrompt prompt = GoldenPrompt.named("image");

        HttpResponse<String> response = send(request(prompt).put("n", 3));

        JsonNode answer = JSON.readTree(response.body());
        assertEquals(3, answer.get("choices").size(), response.body());
        for (JsonNode choice : answer.get("choices")) {
            assertEquals(prompt.newIds(), ids(choice.get("token_ids")));
        }
        JsonNode usage = answer.get("usage");
        assertEquals(prompt.numPromptTokens(), usage.get("prompt_tokens").intValue());
        assertEquals(3 * prompt.newIds().size(), usage.get("completion_tokens").intValue());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void a_request_that_another_cancels_ends_all_of_its_generations(int numAnswers)
            throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(post(endless().put("n", numAnswers)), (_, _) -> true)
                        .header("X-Request-Id", "endless")
                        .build();
        InputStream body = HTTP.send(request, HttpResponse.BodyHandlers.ofInputStream()).body();
        assertTrue(body.read() >= 0);

        HttpRequest cancellation =
                HttpRequest.newBuilder(request.uri().resolve("/v1/requests/endless"))
                        .DELETE()
                        .build();
        assertEquals(
                200, HTTP.send(cancellation, HttpResponse.BodyHandlers.discarding()).statusCode());

        String stream = new String(body.readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(stream.contains("\"code\":\"request_cancelled\""), stream);
        for (int i = 0; i < numAnswers; i++) {
            assertEquals(FinishReason.CANCELLED, nextEnd());
        }
    }

    @Test
    void what_is_no_picture_is_refused() throws Exception {
        refused(
                withPictures(dataUri("hello world".getBytes())),
                422,
                "unsupported_media",
                IMAGE_URL);
        refused(withPictures("data:image/png;base64,!"), 400, "invalid_value", IMAGE_URL);
        refused(withPictures("https://127.0.0.1/a.png"), 403, "forbidden_address", IMAGE_URL);
        refused(withPictures("file:///etc/passwd"), 400, "invalid_value", IMAGE_URL);
    }

    @Test
    void a_picture_that_is_cut_short_is_refused() throws Exception {
        byte[] whole = Files.readAllBytes(GoldenPrompt.named("image").images().getFirst());
        for (int length : new int[] {20, whole.length / 2, whole.length - 1}) {
            refused(
                    withPictures(dataUri(Arrays.copyOf(whole, length))),
                    422,
                    "invalid_image",
                    IMAGE_URL);
        }
    }

    @Test
    void a_header_of_65535_by_65535_pixels_is_refused_before_anything_is_decoded()
            throws Exception {
        String message =
                refused(
                        withPictures(dataUri(pngHeader(65_535, 65_535))),
                        413,
                        "media_too_large",
                        IMAGE_URL);

        assertTrue(message.contains("65535 x 65535"), message);
    }

    @Test
    void a_picture_of_one_pixel_is_answered() throws Exception {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB), "png", png);

        HttpResponse<String> response = send(withPictures(dataUri(png.toByteArray())));

        assertEquals(200, response.statusCode(), response.body());
        JsonNode usage = JSON.readTree(response.body()).get("usage");
        assertEquals(1, usage.get("prompt_tokens_details").get("image_tokens").intValue());
    }

    @Test
    void more_pictures_than_the_limit_are_refused() throws Exception {
        String picture =
                dataUri(Files.readAllBytes(GoldenPrompt.named("image").images().getFirst()));
        String[] tooMany = Collections.nCopies(MAX_IMAGES + 1, picture).toArray(String[]::new);

        String message =
                refused(
                        withPictures(tooMany),
                        413,
                        "media_too_large",
                        "messages[0].content[4].image_url.url");

        assertTrue(message.contains("5 pictures, pages and frames; the limit is 4"), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"messages\": [{\"role\": \"robot\", \"content\": \"hi\"}]} | invalid_value | messages[0].role",
                "{\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]   | invalid_json  | ``",
                "{\"messages\": []}                                           | invalid_value | messages",
                "{\"temperature\": NaN, \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]} | invalid_json | ``",
                "{\"temperature\": \"NaN\", \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]} | invalid_value | temperature",
                "{\"max_tokens\": -1, \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]} | invalid_value | max_tokens",
                "{\"max_tokens\": 4096, \"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]} | context_length_exceeded | messages",
            })
    void a_bad_request_gets_one_clear_error(String body, String code, String param)
            throws Exception {
        refused(body, 400, code, param.isEmpty() ? null : param);
    }

    @Test
    void a_prompt_longer_than_the_context_is_refused() throws Exception {
        ObjectNode request = request(GoldenPrompt.named("text"));
        ((ObjectNode) request.get("messages").get(0)).put("content", "moon ".repeat(5_000));

        String message = refused(request.toString(), 400, "context_length_exceeded", "messages");

        assertTrue(message.contains("the context holds 4,096"), message);
    }

    @Test
    void fields_that_are_not_known_change_nothing() throws Exception {
        GoldenPrompt prompt = GoldenPrompt.named("text");

        assertAnswers(prompt, send(request(prompt).put("made_up", 5).put("user", "me")));
    }

    /// Refuses, and answers a good request afterwards; returns the message.
    private static String refused(Object request, int status, String code, String param)
            throws Exception {
        HttpResponse<String> response = send(request);
        JsonNode error = JSON.readTree(response.body()).get("error");
        assertEquals(status, response.statusCode(), response.body());
        assertEquals("invalid_request_error", error.get("type").textValue());
        assertEquals(code, error.get("code").textValue());
        assertEquals(param, error.get("param").textValue());
        GoldenPrompt good = GoldenPrompt.named("image");
        assertAnswers(good, send(request(good)));
        return error.get("message").textValue();
    }

    private static void assertAnswers(GoldenPrompt prompt, HttpResponse<String> response)
            throws IOException {
        assertEquals(200, response.statusCode(), response.body());
        JsonNode answer = JSON.readTree(response.body());
        JsonNode choice = answer.get("choices").get(0);
        assertEquals(prompt.newIds(), ids(choice.get("token_ids")));
        assertEquals(prompt.newText(), choice.get("message").get("content").textValue());
        assertEquals("length", choice.get("finish_reason").textValue());
        assertUsage(prompt, answer.get("usage"));
    }

    private static void assertStreams(GoldenPrompt prompt, HttpResponse<String> response) {
        assertEquals(200, response.statusCode(), response.body());
        assertTrue(response.body().endsWith("data: [DONE]\n\n"), response.body());
        StringBuilder text = new StringBuilder();
        List<Integer> ids = new ArrayList<>();
        List<String> reasons = new ArrayList<>();
        List<JsonNode> usages = new ArrayList<>();
        for (JsonNode chunk : chunks(response.body())) {
            for (JsonNode choice : chunk.get("choices")) {
                text.append(choice.get("delta").path("content").asText(""));
                ids.addAll(ids(choice.path("token_ids")));
                if (choice.hasNonNull("finish_reason")) {
                    reasons.add(choice.get("finish_reason").textValue());
                }
            }
            if (chunk.hasNonNull("usage")) {
                usages.add(chunk.get("usage"));
            }
        }
        assertEquals(prompt.newIds(), ids);
        assertEquals(prompt.newText(), text.toString());
        assertEquals(List.of("length"), reasons);
        assertEquals(1, usages.size());
        assertUsage(prompt, usages.getFirst());
    }

    /// How much of a prompt was known depends on which test asked it before.
    private static void assertUsage(GoldenPrompt prompt, JsonNode usage) {
        int cached = usage.get("prompt_tokens_details").get("cached_tokens").intValue();
        assertTrue(cached >= 0 && cached < prompt.numPromptTokens());
        ObjectNode wanted =
                JSON.createObjectNode()
                        .put("prompt_tokens", prompt.numPromptTokens())
                        .put("completion_tokens", prompt.newIds().size())
                        .put("total_tokens", prompt.numPromptTokens() + prompt.newIds().size());
        wanted.putObject("prompt_tokens_details")
                .put("cached_tokens", cached)
                .put("image_tokens", prompt.numImageTokens())
                .put("video_tokens", 0);
        wanted.putObject("completion_tokens_details").put("reasoning_tokens", 0);
        assertEquals(wanted, usage);
    }

    private static List<JsonNode> chunks(String stream) {
        return stream.lines()
                .filter(line -> line.startsWith("data: {"))
                .map(line -> {
                    try {
                        return JSON.readTree(line.substring("data: ".length()));
                    } catch (IOException e) {
                        throw new IllegalStateException(line, e);
                    }
                })
                .toList();
    }

    private static List<Integer> ids(JsonNode list) {
        return IntStream.range(0, list.size()).mapToObj(i -> list.get(i).intValue()).toList();
    }

    /// The recorded request with its pictures as `data:` addresses.
    private static ObjectNode request(GoldenPrompt prompt) {
        ObjectNode request = JSON.createObjectNode();
        request.set("messages", prompt.messages().deepCopy());
        Iterator<Path> images = prompt.images().iterator();
        for (JsonNode part : request.get("messages").findParents("image")) {
            ObjectNode image = (ObjectNode) part;
            image.removeAll();
            image.put("type", "image_url")
                    .putObject("image_url")
                    .put("url", dataUri(images.next()));
        }
        request.putObject("stream_options").put("include_usage", true);
        return request.put("temperature", 0)
                .put("max_tokens", prompt.newIds().size())
                .put("ignore_eos", true)
                .put("skip_special_tokens", false)
                .put("return_token_ids", true);
    }

    private static ObjectNode withPictures(String... urls) {
        ObjectNode request = JSON.createObjectNode().put("max_tokens", 1);
        ArrayNode content =
                request.putArray("messages").addObject().put("role", "user").putArray("content");
        for (String url : urls) {
            content.addObject().put("type", "image_url").putObject("image_url").put("url", url);
        }
        return request;
    }

    /// Asks for a stream to the end of the context.
    private static ObjectNode endless() {
        ObjectNode request = JSON.createObjectNode().put("stream", true).put("ignore_eos", true);
        request.putArray("messages").addObject().put("role", "user").put("content", "hi");
        return request;
    }

    private static String dataUri(Path file) {
        try {
            return dataUri(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String dataUri(byte[] picture) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(picture);
    }

    /// The beginning of a PNG of this size, with no pixels.
    private static byte[] pngHeader(int width, int height) {
        ByteBuffer png = ByteBuffer.allocate(8 + 8 + 13 + 4);
        png.put(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
        png.putInt(13).put("IHDR".getBytes()).putInt(width).putInt(height);
        png.put(new byte[] {8, 2, 0, 0, 0});
        CRC32 checksum = new CRC32();
        checksum.update(png.array(), 12, 17);
        return png.putInt((int) checksum.getValue()).array();
    }

    private static FinishReason nextEnd() throws InterruptedException {
        return model.ends().poll(30, TimeUnit.SECONDS);
    }

    private static HttpResponse<String> send(Object request) throws Exception {
        return HTTP.send(post(request), HttpResponse.BodyHandlers.ofString());
    }

    private static CompletableFuture<HttpResponse<String>> sendLater(Object request) {
        return HTTP.sendAsync(post(request), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<InputStream> stream(Object request) throws Exception {
        return HTTP.send(post(request), HttpResponse.BodyHandlers.ofInputStream());
    }

    private static HttpRequest post(Object request) {
        return HttpRequest.newBuilder(
                        URI.create(
                                "http://127.0.0.1:%d/v1/chat/completions".formatted(server.port())))
                .timeout(Duration.ofSeconds(60))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(request.toString()))
                .build();
    }
}
