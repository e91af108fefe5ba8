package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Videos of a minute, as people send them, asked about over HTTP and answered by the demo model.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VideoQuestionsTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    /// What the demo model was taught on: 4 to 8 frames of about this size.
    private static final int MAX_PIXELS = 7_056;

    private static final int MAX_FRAMES = 8;

    @TempDir static Path folder;

    private final Map<MovingSquares, Path> clips = new EnumMap<>(MovingSquares.class);
    private DemoServer server;
    private DemoClient client;

    @BeforeAll
    void start() {
        MovingSquares.needFfmpeg();
        for (MovingSquares clip : MovingSquares.values()) {
            clips.put(clip, clip.in(folder));
        }
        server = DemoServer.start(folder.resolve("server"));
        client = new DemoClient(server.address());
    }

    @AfterAll
    void stop() {
        if (server != null) {
            client.close();
            server.close();
        }
    }

    @AfterEach
    void all_that_was_said_is_as_the_document_has_it() {
        server.proxy().assertAllConforms();
    }

    @ParameterizedTest
    @EnumSource
    void a_clip_in_a_data_address_is_answered(MovingSquares clip) {
        assertAnswered(clip, chat(clip, video("url", data(clip))));
    }

    @ParameterizedTest
    @EnumSource
    void a_clip_in_a_form_is_answered(MovingSquares clip) {
        JsonNode answer =
                client.postForm(
                        "/v1/vqa",
                        "video",
                        clips.get(clip),
                        Map.of(
                                "question",
                                clip.question(),
                                "max_pixels",
                                Integer.toString(MAX_PIXELS),
                                "max_frames",
                                Integer.toString(MAX_FRAMES),
                                "temperature",
                                "0"));

        assertEquals(clip.direction(), answer.get("answer").textValue(), answer.toString());
        assertCostsWhatIsShown(answer);
    }

    @ParameterizedTest
    @EnumSource
    void a_clip_that_was_uploaded_is_answered_in_chat_responses_and_messages(MovingSquares clip) {
        String id = client.upload(clips.get(clip));

        assertAnswered(clip, chat(clip, video("file_id", id)));

        ObjectNode responses = JSON.createObjectNode().put("temperature", 0);
        ObjectNode part = settings(JSON.createObjectNode()).put("type", "input_video");
        part.put("file_id", id);
        responses
                .putArray("input")
                .addObject()
                .put("role", "user")
                .putArray("content")
                .add(part)
                .addObject()
                .put("type", "input_text")
                .put("text", clip.question());
        JsonNode response = client.post("/v1/responses", responses);
        assertEquals(
                clip.direction(),
                response.at("/output/0/content/0/text").textValue(),
                response.toString());

        ObjectNode messages = JSON.createObjectNode().put("temperature", 0).put("max_tokens", 20);
        ObjectNode block = settings(JSON.createObjectNode()).put("type", "document");
        block.putObject("source").put("type", "file").put("file_id", id);
        messages.putArray("messages")
                .addObject()
                .put("role", "user")
                .putArray("content")
                .add(block)
                .addObject()
                .put("type", "text")
                .put("text", clip.question());
        JsonNode message = client.post("/v1/messages", messages);
        assertEquals(
                clip.direction(), message.at("/content/0/text").textValue(), message.toString());
    }

    @ParameterizedTest
    @EnumSource
    void an_animated_gif_is_a_video(MovingSquares clip) {
        Path gif = smaller(clip, "clip.gif", "");

        assertAnswered(clip, chat(clip, video("url", address("image/gif", gif))));
    }

    @ParameterizedTest
    @EnumSource
    void an_animated_webp_is_a_video(MovingSquares clip) {
        Path webp = smaller(clip, "clip.webp", " -c:v libwebp_anim -quality 80 -loop 0");

        assertAnswered(clip, chat(clip, video("url", address("image/webp", webp))));
    }

    @ParameterizedTest
    @EnumSource
    void frames_are_a_video_as_a_list_and_in_one_address(MovingSquares clip) {
        List<String> frames = frames(clip);
        ObjectNode list = settings(JSON.createObjectNode());
        frames.forEach(list.putArray("frames")::add);
        String together =
                frames.stream()
                        .map(frame -> frame.substring(frame.indexOf(',') + 1))
                        .collect(Collectors.joining(","));

        assertAnswered(clip, chat(clip, list));
        assertAnswered(clip, chat(clip, video("url", "data:video/jpeg;base64," + together)));
    }

    @Test
    void time_stamps_stand_before_the_frames_and_change_nothing_else() {
        MovingSquares clip = MovingSquares.H264;
        ObjectNode plain = chat(clip, video("url", data(clip)));
        ObjectNode stamped = chat(clip, video("url", data(clip)).put("timestamps", true));
        JsonNode seconds = client.post("/v1/chat/completions", stamped).at("/videos/0/seconds");

        String prompt = prompt(stamped);
        int from = 0;
        for (JsonNode second : seconds) {
            long tenths = Math.round(second.doubleValue() * 10);
            String stamp = "[%02d:%02d.%d] ".formatted(tenths / 600, tenths / 10 % 60, tenths % 10);
            from = prompt.indexOf(stamp + "<|media_start|>", from);
            assertTrue(from >= 0, () -> "no %s in its place in %s".formatted(stamp, prompt));
        }
        assertEquals(MAX_FRAMES, seconds.size());
        assertEquals(prompt(plain), prompt.replaceAll("\\[\\d\\d:\\d\\d\\.\\d\\] ", ""));
    }

    @Test
    void frames_a_second_most_frames_and_most_tokens_hold_together() {
        for (double fps : List.of(0.05, 0.2, 1.0, 30.0)) {
            for (int maxFrames : List.of(1, 4, 7)) {
                for (int maxTokens : List.of(40, 200)) {
                    ObjectNode video = JSON.createObjectNode().put("url", data(MovingSquares.H264));
                    video.put("fps", fps).put("max_frames", maxFrames);
                    video.put("max_video_tokens", maxTokens);
                    ObjectNode body = chat(MovingSquares.H264, video);

                    JsonNode shown = client.post("/v1/count_tokens", body).at("/videos/0");

                    int numFrames = shown.get("seconds").size();
                    String all =
                            "%s frames a second, at most %d and %d tokens: %s"
                                    .formatted(fps, maxFrames, maxTokens, shown);
                    assertTrue(shown.get("tokens").intValue() <= maxTokens, all);
                    assertTrue(numFrames <= maxFrames, all);
                    assertTrue(numFrames <= Math.ceil(fps * MovingSquares.SECONDS), all);
                    double apart = numFrames < 2 ? 1e9 : shown.at("/seconds/1").doubleValue();
                    assertTrue(apart >= 1 / fps - 1e-9, all);
                    assertCostsWhatIsShown(client.post("/v1/chat/completions", body));
                }
            }
        }
    }

    @Test
    void faults_name_the_frame_or_the_part_and_the_setting() {
        MovingSquares clip = MovingSquares.VP9;
        ObjectNode frames = JSON.createObjectNode();
        frames.putArray("frames").add(frames(clip).getFirst()).add("data:image/jpeg;base64,AAAA");
        assertRefused(422, "messages[0].content[0].video_url.frames[1]: ", chat(clip, frames));

        ObjectNode tooFew = video("url", data(clip)).put("max_video_tokens", 1);
        assertRefused(
                400,
                "messages[0].content[0].video_url.url: max_video_tokens is 1, and ",
                chat(clip, tooFew));
    }

    private void assertRefused(int status, String beginning, ObjectNode body) {
        HttpResponse<String> refused = client.send("/v1/chat/completions", body);
        assertEquals(status, refused.statusCode(), refused.body());
        String message = DemoClient.json(refused.body()).at("/error/message").textValue();
        assertTrue(message.startsWith(beginning), message);
    }

    private void assertAnswered(MovingSquares clip, ObjectNode body) {
        JsonNode count = client.post("/v1/count_tokens", body);
        JsonNode answer = client.post("/v1/chat/completions", body);

        assertEquals(
                clip.direction(),
                answer.at("/choices/0/message/content").textValue(),
                answer.toString());
        assertCostsWhatIsShown(answer);
        assertEquals(MAX_FRAMES, answer.at("/videos/0/seconds").size(), answer.toString());
        assertEquals(answer.at("/usage/prompt_tokens"), count.get("prompt_tokens"));
        assertEquals(
                answer.at("/usage/prompt_tokens_details/video_tokens"), count.get("video_tokens"));
        assertEquals(answer.get("videos"), count.get("videos"));
    }

    private static void assertCostsWhatIsShown(JsonNode answer) {
        int shown =
                StreamSupport.stream(answer.get("videos").spliterator(), false)
                        .mapToInt(video -> video.get("tokens").intValue())
                        .sum();
        assertTrue(shown > 0, answer.toString());
        assertEquals(
                shown,
                answer.at("/usage/prompt_tokens_details/video_tokens").intValue(),
                answer.toString());
    }

    /// The whole prompt as the model is shown it.
    private String prompt(ObjectNode chat) {
        JsonNode tokens = client.post("/tokenize", chat).get("tokens");
        return client.post("/detokenize", JSON.createObjectNode().set("tokens", tokens))
                .get("prompt")
                .textValue();
    }

    private static ObjectNode chat(MovingSquares clip, ObjectNode video) {
        ObjectNode body = JSON.createObjectNode().put("temperature", 0).put("max_tokens", 20);
        ArrayNode content =
                body.putArray("messages").addObject().put("role", "user").putArray("content");
        content.addObject().put("type", "video_url").set("video_url", video);
        content.addObject().put("type", "text").put("text", clip.question());
        return body;
    }

    private static ObjectNode video(String key, String value) {
        return settings(JSON.createObjectNode()).put(key, value);
    }

    private static ObjectNode settings(ObjectNode video) {
        return video.put("max_pixels", MAX_PIXELS).put("max_frames", MAX_FRAMES);
    }

    private String data(MovingSquares clip) {
        return address("video/mp4", clips.get(clip));
    }

    private static String address(String type, Path file) {
        return DemoClient.dataAddress(type, file);
    }

    /// The same at two frames a second, and so small that it is an animation that people send.
    private Path smaller(MovingSquares clip, String name, String coding) {
        return MovingSquares.make(
                folder.resolve(clip + name),
                "-i %s -vf fps=2,scale=224:-2%s".formatted(clips.get(clip), coding));
    }

    private List<String> frames(MovingSquares clip) {
        MovingSquares.make(
                folder.resolve(clip + "%d.jpg"),
                "-i %s -vf fps=%d/%d,scale=320:-2"
                        .formatted(clips.get(clip), MAX_FRAMES, MovingSquares.SECONDS));
        return IntStream.rangeClosed(1, MAX_FRAMES)
                .mapToObj(i -> address("image/jpeg", folder.resolve("%s%d.jpg".formatted(clip, i))))
                .toList();
    }
}
