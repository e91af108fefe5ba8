package io.moonglass.vision.video;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import io.moonglass.vision.image.Picture;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VideoFileTest {

    @TempDir static Path folder;

    @BeforeAll
    static void ffmpeg() {
        TestClips.needFfmpeg();
    }

    private static VideoFile open(Path clip) {
        return VideoFile.open(clip, VideoLimits.DEFAULT, 1);
    }

    @ParameterizedTest
    @CsvSource({
        "h264.mp4, H264, -c:v libx264 -preset ultrafast -bf 0 -g 25",
        "h264_b.mp4, H264, -c:v libx264 -preset veryfast -bf 3 -b_strategy 0 -g 40",
        "h264_open.mkv, H264, -c:v libx264 -preset veryfast -bf 3 -g 30 -x264-params open-gop=1:scenecut=0",
        "h264_one_key.mp4, H264, -c:v libx264 -preset ultrafast -g 10000",
        "h264_fragments.mp4, H264, -c:v libx264 -preset veryfast -g 25 -movflags frag_keyframe+empty_moov",
        "h264.ts, H264, -c:v libx264 -preset veryfast -bf 2 -g 25",
        "h264_open.ts, H264, -c:v libx264 -preset veryfast -bf 3 -b_strategy 0 -g 20 -x264-params open-gop=1:scenecut=0",
        "h264.avi, H264, -c:v libx264 -preset veryfast -bf 0 -g 25",
        "h265.mp4, H265, -c:v libx265 -preset ultrafast -g 30 -x265-params log-level=none:bframes=3",
        "h265_10.mp4, H265, -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le -x265-params log-level=none",
        "h264_10.mp4, H264, -c:v libx264 -preset ultrafast -pix_fmt yuv420p10le",
        "vp8.webm, VP8, -c:v libvpx -deadline realtime -cpu-used 8 -g 30",
        "vp9.webm, VP9, -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 30",
        "av1.mp4, AV1, -c:v libaom-av1 -usage realtime -cpu-used 8 -g 30",
        "av1.mkv, AV1, -c:v libaom-av1 -usage realtime -cpu-used 8 -g 30",
        "mpeg4.avi, MPEG4, -c:v mpeg4 -q:v 3 -g 25 -bf 0",
        "mjpeg.avi, MOTION_JPEG, -c:v mjpeg -q:v 3 -pix_fmt yuvj420p"
    })
    void the_frame_on_screen_is_found_forward_sparsely_and_backward(
            String name, VideoCodec codec, String coding) {
        int numFrames = 200;
        Path clip = TestClips.numbered(folder.resolve(name), 25, numFrames, coding);
        try (VideoFile video = open(clip)) {
            VideoInfo info = video.info();
            assertEquals(codec, info.codec());
            assertEquals(TestClips.WIDTH, info.width());
            assertEquals(TestClips.HEIGHT, info.height());
            assertEquals(8, info.seconds(), 0.1);
            assertEquals(25, info.framesPerSecond(), 0.3);

            for (int i = 0; i < numFrames; i++) {
                assertShows(i, video, i);
            }
            for (int i = numFrames - 1; i >= 0; i -= 7) {
                assertShows(i, video, i);
            }
            for (int i = 3; i < numFrames; i += 61) {
                assertShows(i, video, i);
            }
            Random random = new Random(7);
            for (int trial = 0; trial < 25; trial++) {
                int i = random.nextInt(numFrames);
                assertShows(i, video, i + 0.7);
            }
            assertShows(0, video, -25);
            assertShows(numFrames - 1, video, 10_000);
        }
    }

    /// @param at in frames
    private static void assertShows(int number, VideoFile video, double at) {
        assertEquals(number, TestClips.number(video.frameAt(at / 25)), () -> "at frame " + at);
    }

    @Test
    void a_late_start_is_the_beginning() {
        Path clip =
                TestClips.numbered(
                        folder.resolve("late.mkv"),
                        25,
                        50,
                        "-c:v libx264 -preset ultrafast -output_ts_offset 7");
        try (VideoFile video = open(clip)) {
            assertEquals(2, video.info().seconds(), 0.1);
            assertShows(0, video, 0);
            assertShows(30, video, 30);
        }
    }

    @ParameterizedTest
    @CsvSource({"vp9, webm, libvpx-vp9 -deadline realtime -cpu-used 8", "h264, matroska, libx264"})
    void a_length_that_the_file_does_not_tell_is_counted(
            String name, String container, String encoder) throws IOException {
        Path clip = folder.resolve("piped_" + name);
        String streamed = "-c:v %s -g 25 -f %s -seekable 0".formatted(encoder, container);
        TestClips.numbered(clip, 25, 100, streamed);
        try (VideoFile video = open(clip)) {
            assertEquals(4, video.info().seconds(), 0.1);
            assertEquals(25, video.info().framesPerSecond(), 0.5);
            assertShows(90, video, 90);
            assertShows(20, video, 20);
            assertShows(60, video, 60);
        }
    }

    @ParameterizedTest
    @CsvSource({
        // the clip is red at its left, blue at its right, black at its bottom; where ffmpeg shows
        // red and blue
        "0, 64, 32, 0, 0, 63, 0",
        "90, 32, 64, 0, 63, 0, 0",
        "180, 64, 32, 63, 31, 0, 31",
        "270, 32, 64, 31, 0, 31, 63"
    })
    void a_turned_video_is_shown_upright(
            int degrees, int width, int height, int redX, int redY, int blueX, int blueY) {
        Path plain =
                TestClips.make(
                        folder.resolve("plain%d.mp4".formatted(degrees)),
                        "-f",
                        "lavfi",
                        "-i",
                        "color=red:s=32x32:r=5:d=1[l];color=blue:s=32x32:r=5:d=1[r];[l][r]hstack,"
                                + "drawbox=x=0:y=16:w=64:h=16:color=black:t=fill",
                        "-c:v",
                        "libx264",
                        "-pix_fmt",
                        "yuv420p");
        Path turned =
                TestClips.make(
                        folder.resolve("turned%d.mp4".formatted(degrees)),
                        "-i",
                        plain.toString(),
                        "-c",
                        "copy",
                        "-metadata:s:v",
                        "rotate=" + degrees);
        try (VideoFile video = open(turned)) {
            Picture frame = video.frameAt(0);
            assertEquals(width, video.info().width());
            assertEquals(height, video.info().height());
            assertEquals(width, frame.width());
            assertColour(254, 0, 0, frame, redX, redY);
            assertColour(0, 0, 254, frame, blueX, blueY);
        }
    }

    private static void assertColour(int red, int green, int blue, Picture frame, int x, int y) {
        int[] found = TestClips.rgb(frame, x, y);
        int[] wanted = {red, green, blue};
        for (int i = 0; i < 3; i++) {
            assertEquals(
                    wanted[i],
                    found[i],
                    9,
                    () -> "%s, not %s".formatted(Arrays.toString(found), Arrays.toString(wanted)));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "bt709, tv, yuv420p, 64x64",
        "bt470bg, tv, yuv420p, 1280x720",
        "bt709, pc, yuv420p, 64x64",
        "bt470bg, pc, yuv444p, 64x64",
        "bt709, tv, yuv422p10le, 64x64"
    })
    void colours_are_what_their_tags_say(String matrix, String range, String layout, String size) {
        Path clip =
                TestClips.make(
                        folder.resolve("%s%s%s%s.mp4".formatted(matrix, range, layout, size)),
                        "-f",
                        "lavfi",
                        "-i",
                        "color=0xC86432:s=%s:r=5:d=0.4,format=gbrp".formatted(size),
                        "-vf",
                        "scale=out_color_matrix=%s:out_range=%s,format=%s"
                                .formatted(matrix, range, layout),
                        "-colorspace",
                        matrix,
                        "-color_range",
                        range,
                        "-c:v",
                        "libx264",
                        "-qp",
                        "4");
        try (VideoFile video = open(clip)) {
            assertColour(0xc8, 0x64, 0x32, video.frameAt(0), 32, 32);
        }
    }

    @Test
    void pixels_that_are_no_squares_are_stretched() {
        Path clip =
                TestClips.numbered(
                        folder.resolve("wide.mp4"), 25, 10, "-vf setsar=3/2 -c:v libx264");
        try (VideoFile video = open(clip)) {
            assertEquals(TestClips.WIDTH * 3 / 2, video.info().width());
            assertEquals(TestClips.HEIGHT, video.info().height());
            assertShows(5, video, 5);
        }
    }

    @Test
    void frames_of_another_size_are_scaled_to_that_of_the_first() throws IOException {
        Path small = folder.resolve("small.ts");
        Path large = folder.resolve("large.ts");
        for (Path part : new Path[] {small, large}) {
            TestClips.make(
                    part,
                    "-f",
                    "lavfi",
                    "-i",
                    part == small ? "color=red:s=64x64:r=10:d=1" : "color=blue:s=128x96:r=10:d=1",
                    "-c:v",
                    "libx264",
                    "-pix_fmt",
                    "yuv420p",
                    "-output_ts_offset",
                    part == small ? "0" : "1");
        }
        Path both = folder.resolve("both.ts");
        Files.write(both, Files.readAllBytes(small));
        Files.write(both, Files.readAllBytes(large), StandardOpenOption.APPEND);
        try (VideoFile video = open(both)) {
            Picture last = video.frameAt(1.5);
            assertEquals(64, last.width());
            assertEquals(64, last.height());
            assertColour(0, 0, 254, last, 32, 32);
            assertColour(254, 0, 0, video.frameAt(0.5), 32, 32);
        }
    }

    @Test
    void one_frame_is_a_video() {
        Path clip = TestClips.numbered(folder.resolve("one.mp4"), 25, 1, "-c:v libx264");
        try (VideoFile video = open(clip)) {
            assertTrue(video.info().seconds() > 0);
            assertShows(0, video, 0);
            assertShows(0, video, 100);
        }
    }

    @Test
    void a_hundred_thousand_tiny_frames_are_no_matter() {
        Path clip =
                TestClips.make(
                        folder.resolve("many.mp4"),
                        "-f",
                        "lavfi",
                        "-i",
                        "color=red:s=16x16:r=1000:d=100",
                        "-c:v",
                        "libx264",
                        "-preset",
                        "ultrafast",
                        "-pix_fmt",
                        "yuv420p");
        try (VideoFile video = open(clip)) {
            assertEquals(100, video.info().seconds(), 0.1);
            assertColour(254, 0, 0, video.frameAt(99.9), 8, 8);
            assertColour(254, 0, 0, video.frameAt(1), 8, 8);
        }
    }

    @Test
    void sound_alone_is_refused() {
        Path clip =
                TestClips.make(
                        folder.resolve("sound.mp4"),
                        "-f",
                        "lavfi",
                        "-i",
                        "sine=d=1",
                        "-c:a",
                        "aac");
        assertRefused(Kind.UNSUPPORTED_MEDIA, "holds no video", clip);
    }

    @Test
    void a_codec_that_is_not_on_the_list_is_refused() {
        Path clip = TestClips.numbered(folder.resolve("ffv1.mkv"), 25, 5, "-c:v ffv1");
        assertRefused(Kind.UNSUPPORTED_MEDIA, "coded in a way", clip);
    }

    @Test
    void a_playlist_that_names_other_files_is_never_followed() throws IOException {
        Path list = folder.resolve("list.mp4");
        Files.writeString(list, "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n");
        assertRefused(Kind.UNSUPPORTED_MEDIA, "no MP4", list);
        Files.writeString(list, "ffconcat version 1.0\nfile /etc/passwd\n");
        assertRefused(Kind.UNSUPPORTED_MEDIA, "no MP4", list);
    }

    @Test
    void headers_without_frames_are_refused() throws IOException {
        Path clip =
                TestClips.numbered(
                        folder.resolve("whole.mp4"), 25, 50, "-c:v libx264 -movflags faststart");
        byte[] bytes = Files.readAllBytes(clip);
        Path cut = folder.resolve("cut.mp4");
        String latin1 = new String(bytes, StandardCharsets.ISO_8859_1);
        Files.write(cut, Arrays.copyOf(bytes, latin1.indexOf("mdat") + 4));
        assertRefused(Kind.INVALID_MEDIA, "no frame", cut);

        Files.write(cut, Arrays.copyOf(bytes, 200));
        assertRefused(Kind.UNSUPPORTED_MEDIA, "holds no video", cut);
        Files.write(cut, new byte[0]);
        assertRefused(Kind.UNSUPPORTED_MEDIA, "empty", cut);
    }

    @Test
    void a_truncated_video_ends_with_its_last_whole_frame() throws IOException {
        Path clip =
                TestClips.numbered(
                        folder.resolve("long.mp4"),
                        25,
                        200,
                        "-c:v libx264 -g 25 -bf 2 -movflags faststart");
        byte[] bytes = Files.readAllBytes(clip);
        Path cut = folder.resolve("truncated.mp4");
        Files.write(cut, Arrays.copyOf(bytes, bytes.length * 6 / 10));
        try (VideoFile video = open(cut)) {
            int last = TestClips.number(video.frameAt(7.9));
            assertTrue(last > 60 && last < 160, () -> "last frame is " + last);
            assertShows(50, video, 50);
            assertEquals(last, TestClips.number(video.frameAt(7)));
        }
    }

    @Test
    void damage_in_the_middle_hides_only_what_it_hits() throws IOException {
        Path clip =
                TestClips.numbered(folder.resolve("whole.ts"), 25, 200, "-c:v libx264 -g 25 -bf 2");
        byte[] bytes = Files.readAllBytes(clip);
        Random random = new Random(3);
        for (int i = bytes.length * 4 / 10; i < bytes.length * 5 / 10; i++) {
            bytes[i] = (byte) random.nextInt();
        }
        Path hit = folder.resolve("damaged.ts");
        Files.write(hit, bytes);
        try (VideoFile video = open(hit)) {
            assertShows(20, video, 20);
            video.frameAt(90 / 25.0);
            assertShows(180, video, 180);
            assertShows(30, video, 30);
        }
    }

    /// With several threads decoders tell of damage late: of the last frames' when all packets were read.
    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void damage_near_the_end_does_not_hide_what_comes_after_it(int threads) throws IOException {
        Path clip =
                TestClips.numbered(
                        folder.resolve("damaged_end%d.mp4".formatted(threads)),
                        25,
                        30,
                        "-c:v libx264 -preset ultrafast -g 1 -threads 1");
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(clip));
        int at = new String(bytes.array(), StandardCharsets.ISO_8859_1).indexOf("mdat") + 4;
        for (int pictures = 0; ; at += 4 + bytes.getInt(at)) {
            boolean isPicture = (bytes.get(at + 4) & 31) == 5;
            if (isPicture && pictures++ == 27) {
                break;
            }
        }
        bytes.putInt(at, 0x7fff_ffff); // no part of a picture is so long
        Files.write(clip, bytes.array());
        try (VideoFile video = VideoFile.open(clip, VideoLimits.DEFAULT, threads)) {
            assertShows(26, video, 26);
            assertShows(26, video, 27);
            assertShows(28, video, 28);
            assertShows(29, video, 29);
        }
    }

    @Test
    void noise_never_does_more_than_be_refused() throws IOException {
        Path clip = TestClips.numbered(folder.resolve("victim.mp4"), 25, 30, "-c:v libx264 -g 10");
        byte[] whole = Files.readAllBytes(clip);
        Path noisy = folder.resolve("noisy.mp4");
        Random random = new Random(11);
        for (int trial = 0; trial < 60; trial++) {
            byte[] bytes = whole.clone();
            for (int i = 0; i < 30; i++) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            Files.write(noisy, bytes);
            try (VideoFile video = open(noisy)) {
                video.frameAt(0.6);
            } catch (InvalidRequestException refused) {
                assertTrue(refused.getMessage().contains("video"), refused.getMessage());
            }
        }
    }

    @Test
    void a_video_over_a_limit_is_refused() {
        Path clip = TestClips.numbered(folder.resolve("limits.mp4"), 25, 50, "-c:v libx264");
        InvalidRequestException large =
                assertThrows(
                        InvalidRequestException.class,
                        () -> VideoFile.open(clip, new VideoLimits(1_000, 60), 1));
        assertEquals(Kind.MEDIA_TOO_LARGE, large.kind());
        assertEquals(
                "video with frames of 384 x 64 pixels, the limit is 1,000 in all; send a smaller one",
                large.getMessage());
        InvalidRequestException lengthy =
                assertThrows(
                        InvalidRequestException.class,
                        () -> VideoFile.open(clip, new VideoLimits(1_000_000, 1), 1));
        assertEquals(Kind.MEDIA_TOO_LARGE, lengthy.kind());
        assertEquals("video of 2 s, the limit is 1 s; send a shorter one", lengthy.getMessage());
    }

    @Test
    void several_threads_decode_the_same_frames() {
        Path clip =
                TestClips.numbered(
                        folder.resolve("threads.mp4"), 25, 60, "-c:v libx264 -bf 3 -g 20");
        try (VideoFile one = open(clip);
                VideoFile many = VideoFile.open(clip, VideoLimits.DEFAULT, 3)) {
            for (int i : new int[] {0, 1, 2, 50, 10, 59}) {
                assertArrayEquals(one.frameAt(i / 25.0).pixels(), many.frameAt(i / 25.0).pixels());
            }
        }
    }

    private static void assertRefused(Kind kind, String message, Path clip) {
        InvalidRequestException refused =
                assertThrows(InvalidRequestException.class, () -> open(clip));
        assertEquals(kind, refused.kind(), refused.getMessage());
        assertTrue(refused.getMessage().contains(message), refused.getMessage());
    }
}
