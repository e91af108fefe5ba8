package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.vision.animation.GifWriter;
import io.moonglass.vision.document.PdfFiles;
import io.moonglass.vision.image.TestPictures;
import io.moonglass.vision.video.TestClips;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Videos that are odd, broken or no videos, through the whole server with its default settings. Clips are made by the
/// `ffmpeg` of this machine.
class HostileVideosTest {

    @TempDir static Path folder;
    @TempDir static Path clips;
    private static MediaServer server;

    @BeforeAll
    static void start() {
        TestClips.needFfmpeg();
        server = new MediaServer(folder);
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
    }

    @AfterEach
    void a_good_picture_works_after_it_and_no_file_is_left() {
        server.assertGoodPictureWorks();
        assertEquals(List.of(), server.leftFiles());
    }

    /// @param arguments of `ffmpeg`, without the file
    private static byte[] clip(String name, String arguments) {
        try {
            return Files.readAllBytes(TestClips.make(clips.resolve(name), arguments.split(" ")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] colour(String name, String source, String coding) {
        return clip(name, "-f lavfi -i color=red:" + source + " " + coding);
    }

    private static byte[] good() {
        return colour("good.mp4", "s=64x64:r=10:d=4", "-c:v libx264 -pix_fmt yuv420p");
    }

    private static String url(byte[] video) {
        return MediaServer.dataUri("video/mp4", video);
    }

    /// As a video in every dialect, and as a file.
    private static void answered(byte[] video, int numFrames) {
        for (MediaPlace place : MediaPlace.VIDEOS) {
            assertFrames(numFrames, server.assertAnswered(place, url(video), ""));
        }
        for (MediaPlace place : MediaPlace.FILES) {
            server.assertAnswered(place, url(video));
        }
    }

    private static void assertFrames(int numFrames, JsonNode answer) {
        JsonNode videos = answer.get("videos");
        if (videos != null) {
            assertEquals(numFrames, videos.get(0).get("seconds").size(), videos::toString);
        }
    }

    private static void refused(byte[] video, int status, String code) {
        for (MediaPlace place : MediaPlace.VIDEOS) {
            String said = server.assertRefused(place, url(video), "", status, code, place.param());
            assertFalse(said.contains("image of"), said);
        }
        for (MediaPlace place : MediaPlace.FILES) {
            server.assertRefused(place, url(video), status, code);
        }
    }

    @Test
    void a_good_video_is_seen_and_no_picture() {
        answered(good(), 4);
        for (MediaPlace place : MediaPlace.IMAGES) {
            String said =
                    server.assertRefused(
                            place, url(good()), "", 422, "unsupported_media", place.param());
            assertTrue(said.contains("video"), said);
        }
        String said =
                server.assertRefused(
                        MediaPlace.OCR, url(good()), "", 422, "unsupported_media", "document");
        assertTrue(said.contains("video"), said);
    }

    @ParameterizedTest
    @CsvSource({
        "one.mp4, s=64x64:r=25, -frames:v 1 -c:v libx264 -pix_fmt yuv420p, 1",
        "one.webm, s=64x64:r=25, -frames:v 1 -c:v libvpx -deadline realtime, 1",
        "thousands.mp4, s=16x16:r=1000:d=100, -c:v libx264 -preset ultrafast -pix_fmt yuv420p, 32",
        "unknown_length.mkv, s=64x64:r=25:d=3, -c:v libx264 -f matroska -seekable 0, 3",
        "odd.mp4, s=2x2:r=5:d=2, -c:v mpeg4, 2",
        "thin.mp4, s=16x2000:r=5:d=2, -c:v mpeg4, 2"
    })
    void an_odd_video_is_seen(String name, String source, String coding, int numFrames) {
        answered(colour(name, source, coding), numFrames);
    }

    @Test
    void frames_of_different_sizes_are_one_video() {
        byte[] small = part("small.ts", "64x64", 0);
        byte[] large = part("large.ts", "128x96", 2);
        answered(joined(small, large), 4);
    }

    private static byte[] part(String name, String size, int start) {
        return colour(
                name,
                "s=%s:r=10:d=2".formatted(size),
                "-c:v libx264 -pix_fmt yuv420p -output_ts_offset " + start);
    }

    private static byte[] joined(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
    }

    @Test
    void headers_without_frames_are_refused() {
        byte[] whole =
                colour(
                        "headers.mp4",
                        "s=64x64:r=10:d=4",
                        "-c:v libx264 -pix_fmt yuv420p -movflags faststart");
        String latin1 = new String(whole, StandardCharsets.ISO_8859_1);
        refused(Arrays.copyOf(whole, latin1.indexOf("mdat") + 4), 422, "invalid_media");
    }

    @ParameterizedTest
    @CsvSource({
        "end.mp4, -c:v libx264 -pix_fmt yuv420p",
        "end.webm, -c:v libvpx -deadline realtime",
        "end.avi, -c:v mpeg4"
    })
    void a_video_without_its_beginning_or_end_is_refused_or_seen_as_far_as_it_goes(
            String name, String coding) {
        byte[] whole = colour(name, "s=64x64:r=10:d=4", coding);
        for (int length : new int[] {16, 100, whole.length / 2, whole.length - 1}) {
            String url = url(Arrays.copyOf(whole, length));
            RecordedExchange exchange = server.ask(MediaPlace.CHAT_VIDEO, url, "");
            assertTrue(
                    List.of(200, 422).contains(exchange.status()),
                    () -> "%d bytes: %s".formatted(length, exchange));
            if (exchange.status() == 422) {
                for (MediaPlace place : MediaPlace.VIDEOS) {
                    String code = MediaServer.json(exchange).at("/error/code").textValue();
                    server.assertRefused(place, url, 422, code);
                }
            }
        }
    }

    @Test
    void sound_alone_is_no_video() {
        byte[] sound = clip("sound.mp4", "-f lavfi -i sine=d=1 -c:a aac");
        refused(sound, 422, "unsupported_media");
    }

    @Test
    void a_video_that_is_too_large_or_too_long_is_refused() {
        refused(colour("large.mp4", "s=4112x2320:r=1:d=1", "-c:v mpeg4"), 413, "media_too_large");
        refused(
                colour("endless.mkv", "s=16x16:r=1/600:d=14400", "-c:v mpeg4 -bf 0"),
                413,
                "media_too_large");
    }

    @Test
    void what_is_no_video_is_called_by_its_name_where_one_is_wanted() throws IOException {
        Path file = clips.resolve("a.pdf");
        PdfFiles.written(file, document -> PdfFiles.addPage(document, 200, 100, PdfFiles.CORNERS));
        byte[] pdf = Files.readAllBytes(file);
        byte[] text = "just some words".getBytes(StandardCharsets.UTF_8);
        for (MediaPlace place : MediaPlace.VIDEOS) {
            String ofPdf =
                    server.assertRefused(
                            place, url(pdf), "", 422, "unsupported_media", place.param());
            assertTrue(ofPdf.contains("PDF"), ofPdf);
            String ofText =
                    server.assertRefused(
                            place, url(text), "", 422, "unsupported_media", place.param());
            assertTrue(ofText.contains("no video"), ofText);
        }
        for (MediaPlace place : MediaPlace.FILES) {
            String ofText =
                    server.assertRefused(
                            place, url(text), "", 422, "unsupported_media", place.param());
            assertTrue(ofText.contains("no PDF"), ofText);
        }
    }

    @Test
    void noise_behind_a_good_beginning_is_refused() {
        byte[] noise = new byte[100_000];
        new Random(5).nextBytes(noise);
        for (byte[] start :
                List.of(good(), colour("noise.webm", "s=64x64:r=5:d=1", "-c:v libvpx"))) {
            byte[] bytes = noise.clone();
            System.arraycopy(start, 0, bytes, 0, 48);
            RecordedExchange exchange = server.ask(MediaPlace.CHAT_VIDEO, url(bytes), "");
            assertEquals(422, exchange.status(), exchange::toString);
        }
    }

    @Test
    void a_picture_is_a_video_of_one_frame_and_one_that_moves_of_several() {
        answeredAsVideo(TestPictures.bytes("rgb.png"), 1);
        GifWriter writer = new GifWriter(30, 30);
        for (int i = 0; i < 40; i++) {
            writer.frame(i / 2, 0, "AB/CD", 1, 10);
        }
        answeredAsVideo(writer.bytes(), 4);
    }

    private static void answeredAsVideo(byte[] picture, int numFrames) {
        for (MediaPlace place : MediaPlace.VIDEOS) {
            assertFrames(numFrames, server.assertAnswered(place, url(picture), ""));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"fps\":-1|fps",
                "\"fps\":0|fps",
                "\"fps\":1e-400|fps",
                "\"fps\":1e400|fps",
                "\"fps\":1e308|fps",
                "\"fps\":\"NaN\"|fps",
                "\"fps\":[2]|fps",
                "\"max_frames\":0|max_frames",
                "\"max_frames\":-1|max_frames",
                "\"max_frames\":1000000|max_frames",
                "\"max_frames\":2147483648|max_frames",
                "\"max_frames\":1.5|max_frames",
                "\"fps\":2,\"max_frames\":0|max_frames",
                "\"fps\":-2,\"max_frames\":4|fps",
                "\"max_video_tokens\":0|max_video_tokens",
                "\"max_video_tokens\":1e9|max_video_tokens",
                "\"max_pixels\":1|max_pixels",
                "\"timestamps\":\"yes\"|timestamps"
            })
    void a_senseless_setting_is_named(String settings, String field) {
        String url = url(good());
        for (MediaPlace place :
                new MediaPlace[] {MediaPlace.CHAT_VIDEO, MediaPlace.RESPONSES_VIDEO}) {
            server.assertRefused(place, url, settings, 400, "invalid_value", place.param(field));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"NaN", "Infinity", "-Infinity"})
    void a_rate_that_is_no_number_of_json_is_no_json(String rate) {
        for (MediaPlace place : MediaPlace.VIDEOS) {
            server.assertRefused(place, url(good()), "\"fps\":" + rate, 400, "invalid_json", null);
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 3, 3", "2, 100, 8", "1000, 5, 5", "0.001, 9, 1"})
    void a_rate_and_a_number_of_frames_hold_together(double fps, int maxFrames, int numFrames) {
        String settings = "\"fps\":%s,\"max_frames\":%d".formatted(fps, maxFrames);
        for (MediaPlace place :
                new MediaPlace[] {MediaPlace.CHAT_VIDEO, MediaPlace.RESPONSES_VIDEO}) {
            assertFrames(numFrames, server.assertAnswered(place, url(good()), settings));
        }
    }

    @Test
    void a_budget_too_small_for_one_frame_is_told_of_the_video() {
        byte[] thin = colour("thin_budget.mp4", "s=16x2000:r=5:d=1", "-c:v mpeg4");
        for (MediaPlace place :
                new MediaPlace[] {MediaPlace.CHAT_VIDEO, MediaPlace.RESPONSES_VIDEO}) {
            String said =
                    server.assertRefused(
                            place,
                            url(thin),
                            "\"max_video_tokens\":1",
                            400,
                            "invalid_value",
                            place.param());
            assertTrue(said.contains("max_video_tokens"), said);
        }
    }

    @Test
    void more_frames_than_a_request_may_have_are_refused_at_the_video_that_has_them() {
        String part =
                "{\"type\":\"video_url\",\"video_url\":{\"url\":\"%s\",\"fps\":25,\"max_frames\":100}}"
                        .formatted(url(good()));
        RecordedExchange exchange =
                server.http()
                        .post(
                                "/v1/chat/completions",
                                "{\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[%s,%s]}]}"
                                        .formatted(part, part));

        assertEquals(413, exchange.status(), exchange::toString);
        assertEquals(
                "messages[0].content[1].video_url.url",
                MediaServer.json(exchange).at("/error/param").textValue());
    }

    @Test
    void addresses_of_frames_are_counted_before_any_is_fetched() {
        String frame = "\"https://127.0.0.1/a.png\",";
        RecordedExchange exchange =
                server.http()
                        .post(
                                "/v1/chat/completions",
                                "{\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"video\",\"video\":[%s\"https://127.0.0.1/\"]}]}]}"
                                        .formatted(frame.repeat(500)));

        assertEquals(413, exchange.status(), exchange::toString);
        assertEquals(
                "messages[0].content[0].video",
                MediaServer.json(exchange).at("/error/param").textValue());
    }
}
