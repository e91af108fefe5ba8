package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// What a long video takes of a server that runs in a process of its own.
@EnabledOnOs(value = OS.LINUX, disabledReason = "peaks of memory are read from /proc")
@Timeout(600)
class LongVideoTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MINUTES = 30;

    /// Of each of the two requests that are compared.
    private static final int NUM_FRAMES = 32;

    /// What peaks differ by from run to run; a minute of decoded frames would be 5 GB.
    private static final long TOLERANCE = 32 << 20;

    @TempDir static Path folder;

    @BeforeAll
    static void needFfmpeg() {
        MovingSquares.needFfmpeg();
    }

    @Test
    void half_an_hour_is_answered_and_takes_no_more_memory_than_a_minute() {
        MovingSquares clip = MovingSquares.H264;
        Path minute = clip.in(folder);
        Path halfAnHour =
                MovingSquares.make(
                        folder.resolve("half-an-hour.mp4"),
                        "-stream_loop %d -i %s -c copy".formatted(MINUTES - 1, minute));
        try (ServerProcess server = new ServerProcess(folder);
                DemoClient client = new DemoClient(server.address())) {
            ask(client, minute, clip);
            long serverBefore = server.peakBytes();
            long decoderBefore = server.peakBytesOfDecoders();

            JsonNode answer = ask(client, halfAnHour, clip);

            JsonNode seconds = answer.at("/videos/0/seconds");
            assertEquals(MINUTES * 60 - 1, seconds.get(NUM_FRAMES - 1).doubleValue(), 0.1);
            long server30 = server.peakBytes();
            long decoder30 = server.peakBytesOfDecoders();
            System.out.printf(
                    "peak memory, MiB: server %d after a minute's video, %d after half an hour's; decoder %d and %d%n",
                    serverBefore >> 20, server30 >> 20, decoderBefore >> 20, decoder30 >> 20);
            assertTrue(server30 - serverBefore < TOLERANCE, "server: " + server30);
            assertTrue(decoder30 - decoderBefore < TOLERANCE, "decoder: " + decoder30);
        }
    }

    private static JsonNode ask(DemoClient client, Path video, MovingSquares clip) {
        ObjectNode body = JSON.createObjectNode().put("temperature", 0).put("max_tokens", 20);
        ArrayNode content =
                body.putArray("messages").addObject().put("role", "user").putArray("content");
        content.addObject()
                .put("type", "video_url")
                .putObject("video_url")
                .put("file_id", client.upload(video))
                .put("max_pixels", 7_056)
                .put("max_frames", NUM_FRAMES);
        content.addObject().put("type", "text").put("text", "What colour is the square?");

        JsonNode answer = client.post("/v1/chat/completions", body);

        assertEquals(clip.colour(), answer.at("/choices/0/message/content").textValue());
        assertEquals(NUM_FRAMES, answer.at("/videos/0/seconds").size());
        return answer;
    }
}
