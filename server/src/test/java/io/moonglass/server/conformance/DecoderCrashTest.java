package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// Decoding processes that are killed while they decode a video.
@EnabledOnOs(value = OS.LINUX, disabledReason = "/proc says which process decodes which file")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
class DecoderCrashTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CRASHES = "moonglass_media_workers_ended_total{reason=\"crashed\"}";

    @TempDir static Path folder;

    private DemoServer server;
    private DemoClient client;
    private Path slow;
    private Path other;

    @BeforeAll
    void start() {
        MovingSquares.needFfmpeg();
        slow = MovingSquares.AV1.in(folder);
        other = MovingSquares.H264.in(folder);
        server = DemoServer.start(folder.resolve("server"));
        client = new DemoClient(server.address());
    }

    @AfterAll
    void stop() {
        if (server != null) {
            client.close();
            server.close();
            server.proxy().assertAllConforms();
        }
    }

    @Test
    void a_process_that_is_killed_once_is_made_up_for_and_nobody_notices() throws Exception {
        String id = client.upload(slow);
        double before = client.metric(CRASHES);
        Others others = askOthers();
        CompletableFuture<HttpResponse<String>> video =
                client.sendLater("/v1/chat/completions", question(id, 8));

        Optional<ProcessHandle> decoder;
        while ((decoder = decoderOf(slow)).isEmpty()) {
            assertFalse(video.isDone(), "answered before its decoder could be killed");
        }
        decoder.get().destroyForcibly();

        assertEquals("down", answer(video.get()));
        assertEquals(1, client.metric(CRASHES) - before);
        others.assertAnswered();
    }

    @Test
    void a_video_whose_decoder_dies_again_and_again_is_refused_and_the_others_are_answered()
            throws Exception {
        String id = client.upload(slow);
        Others others = askOthers();
        CompletableFuture<HttpResponse<String>> video =
                client.sendLater("/v1/chat/completions", question(id, 7));

        while (!video.isDone()) {
            decoderOf(slow).ifPresent(ProcessHandle::destroyForcibly);
        }

        HttpResponse<String> refused = video.get();
        assertEquals(422, refused.statusCode(), refused.body());
        JsonNode error = DemoClient.json(refused.body()).get("error");
        assertEquals(
                "messages[0].content[0].video_url.file_id: the decoder ended unexpectedly on this video; save or convert it again",
                error.get("message").textValue());
        assertEquals("messages[0].content[0].video_url.file_id", error.get("param").textValue());
        others.assertAnswered();
        assertEquals("down", answer(client.send("/v1/chat/completions", question(id, 7))));
    }

    /// The process that has this uploaded video open, which it has only after it has said that it is ready for work.
    private static Optional<ProcessHandle> decoderOf(Path video) {
        String hash = sha256(video);
        return ProcessHandle.current().children().filter(child -> hasOpen(child, hash)).findFirst();
    }

    /// Uploaded files lie under it.
    private static String sha256(Path file) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(DemoClient.bytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean hasOpen(ProcessHandle process, String name) {
        try (Stream<Path> open = Files.list(Path.of("/proc", "" + process.pid(), "fd"))) {
            for (Path descriptor : open.toList()) {
                if (Files.readSymbolicLink(descriptor).toString().contains(name)) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            return false; // it has ended, or closed something meanwhile
        }
    }

    private record Others(
            CompletableFuture<HttpResponse<String>> picture,
            CompletableFuture<HttpResponse<String>> video,
            CompletableFuture<HttpResponse<String>> text) {

        void assertAnswered() throws Exception {
            assertEquals("$11.33", answer(picture.get()));
            assertEquals("left", answer(video.get()));
            assertTrue(answer(text.get()).startsWith("Hello!"));
        }
    }

    private Others askOthers() {
        ObjectNode picture = body();
        ArrayNode content = content(picture);
        content.addObject()
                .put("type", "image_url")
                .putObject("image_url")
                .put("url", DemoServer.pictureAddress("ocr_seen_003"));
        content.addObject().put("type", "text").put("text", "Read the text.");
        ObjectNode text = body();
        content(text).addObject().put("type", "text").put("text", "Hello");
        ObjectNode video = body();
        ask(video, MovingSquares.H264).put("url", DemoClient.dataAddress("video/mp4", other));
        return new Others(chat(picture), chat(video), chat(text));
    }

    private CompletableFuture<HttpResponse<String>> chat(ObjectNode body) {
        return client.sendLater("/v1/chat/completions", body);
    }

    private static ObjectNode question(String file, int maxFrames) {
        ObjectNode body = body();
        ask(body, MovingSquares.AV1).put("file_id", file).put("max_frames", maxFrames);
        return body;
    }

    private static ObjectNode ask(ObjectNode body, MovingSquares clip) {
        ArrayNode content = content(body);
        ObjectNode video = content.addObject().put("type", "video_url").putObject("video_url");
        content.addObject().put("type", "text").put("text", clip.question());
        return video.put("max_pixels", 7_056).put("max_frames", 8);
    }

    private static ObjectNode body() {
        return JSON.createObjectNode().put("temperature", 0).put("max_tokens", 30);
    }

    private static ArrayNode content(ObjectNode body) {
        return body.putArray("messages").addObject().put("role", "user").putArray("content");
    }

    private static String answer(HttpResponse<String> response) {
        return DemoClient.good(response).at("/choices/0/message/content").textValue();
    }
}
