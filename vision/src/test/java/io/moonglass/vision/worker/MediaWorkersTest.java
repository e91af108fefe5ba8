package io.moonglass.vision.worker;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import io.moonglass.vision.document.DocumentLimits;
import io.moonglass.vision.document.PixelRegion;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.Picture;
import io.moonglass.vision.image.PictureStyle;
import io.moonglass.vision.video.TestClips;
import io.moonglass.vision.video.VideoLimits;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MediaWorkersTest {

    private static final int NUM_FRAMES = 200;

    @TempDir static Path folder;

    private static Path clip;

    @BeforeAll
    static void makeClip() {
        TestClips.needFfmpeg();
        clip =
                TestClips.numbered(
                        folder.resolve("a clip's name – ü.mp4"),
                        25,
                        NUM_FRAMES,
                        "-c:v libx264 -preset veryfast -bf 2 -g 50");
    }

    private static MediaWorkers workers(int maxWorkers) {
        return new MediaWorkers(WorkerOptions.DEFAULT.withMaxWorkers(maxWorkers));
    }

    private static WorkerVideo open(MediaWorkers workers, Path file) {
        return workers.openVideo(file, VideoLimits.DEFAULT, () -> false);
    }

    private static double[] everyFrame() {
        return IntStream.range(0, NUM_FRAMES).mapToDouble(i -> i / 25.0).toArray();
    }

    @Test
    void frames_come_in_any_order() {
        try (MediaWorkers workers = workers(1);
                WorkerVideo video = open(workers, clip)) {
            assertEquals(8, video.info().seconds(), 0.1);
            video.choose(everyFrame());
            for (int i : new int[] {0, 1, 2, 3, 50, 51, 199, 7, 8, 9}) {
                assertEquals(i, TestClips.number(video.frame(i)));
            }
            assertEquals(1, workers.statistics().started());
        }
    }

    /// Decoders differ in what they ask of the system, of which a process may not have everything.
    @Test
    void every_decoder_works_within_the_limits_of_a_process() {
        List<String> codings =
                List.of(
                        "confined.webm -c:v libvpx-vp9 -deadline realtime -cpu-used 8",
                        "confined_av1.mp4 -c:v libaom-av1 -usage realtime -cpu-used 8",
                        "confined_265.mp4 -c:v libx265 -preset ultrafast -x265-params log-level=none",
                        "confined.avi -c:v mjpeg -q:v 3 -pix_fmt yuvj420p");
        WorkerOptions threads =
                new WorkerOptions(
                        1,
                        1L << 30,
                        Duration.ofSeconds(20),
                        Duration.ofMinutes(1),
                        4,
                        WorkerOptions.DEFAULT.java());
        try (MediaWorkers workers = new MediaWorkers(threads)) {
            for (String coding : codings) {
                String[] nameAndRest = coding.split(" ", 2);
                Path file =
                        TestClips.numbered(folder.resolve(nameAndRest[0]), 25, 12, nameAndRest[1]);
                try (WorkerVideo video = open(workers, file)) {
                    video.choose(everyFrame());
                    assertEquals(3, TestClips.number(video.frame(3)), coding);
                    assertEquals(11, TestClips.number(video.frame(11)), coding);
                }
            }
            assertEquals(0, workers.statistics().crashed());
        }
    }

    @Test
    void videos_share_processes_without_waiting_for_each_other() throws Exception {
        try (MediaWorkers workers = workers(2);
                ExecutorService threads = Executors.newFixedThreadPool(5)) {
            List<Future<?>> readers = new ArrayList<>();
            for (int reader = 0; reader < 5; reader++) {
                Path own = Files.copy(clip, folder.resolve("copy%d.mp4".formatted(reader)));
                int first = reader;
                Callable<Void> reading =
                        () -> {
                            try (WorkerVideo video = open(workers, own)) {
                                video.choose(everyFrame());
                                for (int i = first; i < NUM_FRAMES; i += 23) {
                                    assertEquals(i, TestClips.number(video.frame(i)));
                                }
                            }
                            return null;
                        };
                readers.add(threads.submit(reading));
            }
            for (Future<?> reader : readers) {
                reader.get();
            }
            assertTrue(workers.statistics().started() <= 2);
        }
    }

    @Test
    void a_process_killed_in_the_middle_of_a_command_is_replaced() throws Exception {
        try (MediaWorkers workers = workers(2);
                ExecutorService threads = Executors.newFixedThreadPool(2);
                WorkerVideo video = open(workers, clip)) {
            video.choose(everyFrame());
            assertEquals(20, TestClips.number(video.frame(20)));
            long victim = workers.processIds().getFirst();
            signal("STOP", victim);
            Future<Picture> frame = threads.submit(() -> video.frame(150));
            while (workers.statistics().busy() == 0) {
                Thread.sleep(5);
            }
            Path other = Files.copy(clip, folder.resolve("other.mp4"));
            try (WorkerVideo unharmed = open(workers, other)) {
                unharmed.choose(everyFrame());
                assertEquals(10, TestClips.number(unharmed.frame(10)));
                signal("KILL", victim);
                assertEquals(11, TestClips.number(unharmed.frame(11)));
            }

            assertEquals(150, TestClips.number(frame.get()));
            assertEquals(1, workers.statistics().crashed());
            assertTrue(!workers.processIds().contains(victim));
        }
    }

    @Test
    void a_process_that_hangs_is_killed_at_the_deadline_and_others_go_on() throws Exception {
        WorkerOptions options = WorkerOptions.DEFAULT.withDeadline(Duration.ofSeconds(3));
        try (MediaWorkers workers = new MediaWorkers(options);
                WorkerVideo video = open(workers, clip)) {
            video.choose(everyFrame());
            video.frame(20);
            signal("STOP", workers.processIds().getFirst());
            InvalidRequestException late =
                    assertThrows(InvalidRequestException.class, () -> video.frame(150));
            assertEquals(
                    "the video could not be decoded within 3 s; send a smaller or simpler one",
                    late.getMessage());
            assertEquals(1, workers.statistics().killedForTime());
            assertEquals(150, TestClips.number(video.frame(150)));
        }
    }

    @Test
    void a_process_ends_with_its_parents_interest() throws Exception {
        WorkerOptions options =
                WorkerOptions.DEFAULT.withMaxWorkers(1).withIdleTime(Duration.ofMillis(300));
        try (MediaWorkers workers = new MediaWorkers(options)) {
            open(workers, clip).close();
            long process = workers.processIds().getFirst();
            ProcessHandle.of(process).ifPresent(handle -> handle.onExit().join());
            while (workers.statistics().running() > 0) {
                Thread.sleep(10);
            }
            assertEquals(8, open(workers, clip).info().seconds(), 0.1);
            assertNotEquals(process, workers.processIds().getFirst());
        }
    }

    @Test
    void a_closed_video_is_not_held_open() throws Exception {
        try (MediaWorkers workers = workers(1)) {
            WorkerVideo video = open(workers, clip);
            video.choose(everyFrame());
            video.frame(3);
            long process = workers.processIds().getFirst();
            assertTrue(openFiles(process).contains(clip.toRealPath()));
            video.close();
            while (openFiles(process).contains(clip.toRealPath())) {
                Thread.sleep(10);
            }
            assertEquals(4, TestClips.number(video.frame(4)));
        }
    }

    private static List<Path> openFiles(long process) throws IOException {
        List<Path> files = new ArrayList<>();
        try (var links = Files.newDirectoryStream(Path.of("/proc/%d/fd".formatted(process)))) {
            for (Path link : links) {
                try {
                    files.add(Files.readSymbolicLink(link));
                } catch (IOException e) {
                    continue; // closed meanwhile
                }
            }
        }
        return files;
    }

    @Test
    void pictures_are_the_same_from_another_process() throws IOException {
        try (MediaWorkers workers = workers(1)) {
            for (String name : List.of("baseline.jpg", "rgba.png", "palette.gif", "lossy.webp")) {
                byte[] bytes;
                try (InputStream in = getClass().getResourceAsStream("/pictures/" + name)) {
                    bytes = in.readAllBytes();
                }
                Picture here =
                        EncodedPicture.of(bytes, ImageLimits.DEFAULT, PictureStyle.UPRIGHT)
                                .decode();
                Picture there =
                        workers.decode(
                                bytes, ImageLimits.DEFAULT, PictureStyle.UPRIGHT, () -> false);
                assertEquals(here.mode(), there.mode());
                assertArrayEquals(here.pixels(), there.pixels());
            }
            // the only process is of another trade
            assertEquals(8, open(workers, clip).info().seconds(), 0.1);
        }
    }

    @Test
    void pages_are_drawn_by_another_process() throws IOException {
        Path file = folder.resolve("pages.pdf");
        try (PDDocument document = new PDDocument()) {
            for (int i = 0; i < 100; i++) {
                document.addPage(new PDPage(new PDRectangle(200 + i, 100)));
            }
            document.save(file.toFile());
        }
        try (MediaWorkers workers = workers(1);
                WorkerDocument document =
                        workers.openDocument(file, DocumentLimits.DEFAULT, () -> false)) {
            assertEquals(100, document.numPages());
            assertEquals(299, document.pageSize(99).widthPoints(), 0.01);
            assertEquals(205, document.pageSize(5).widthPoints(), 0.01);
            Picture whole = document.page(5, 410, 200, Optional.empty());
            assertEquals(410, whole.width());
            assertEquals((byte) 0xff, whole.pixels()[0]);
            Picture part = document.page(5, 410, 200, Optional.of(new PixelRegion(10, 20, 30, 40)));
            assertEquals(30, part.width());
            assertEquals(40, part.height());
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> document.page(100, 10, 10, Optional.empty()));
            assertThrows(
                    IndexOutOfBoundsException.class,
                    () -> document.page(0, 10, 10, Optional.of(new PixelRegion(5, 5, 6, 5))));
        }
    }

    @Test
    void a_fault_of_the_file_is_told_and_the_process_stays() throws IOException {
        Path text = folder.resolve("text.mp4");
        Files.writeString(text, "no video at all");
        try (MediaWorkers workers = workers(1)) {
            InvalidRequestException fault =
                    assertThrows(InvalidRequestException.class, () -> open(workers, text));
            assertEquals(Kind.UNSUPPORTED_MEDIA, fault.kind());
            assertEquals(8, open(workers, clip).info().seconds(), 0.1);
            assertEquals(1, workers.statistics().started());
        }
    }

    @Test
    void a_file_that_could_not_be_opened_leaves_its_process_to_the_next() throws IOException {
        Path text = Files.writeString(folder.resolve("other text.mp4"), "no video at all");
        try (MediaWorkers workers = workers(2)) {
            for (int i = 0; i < 3; i++) {
                assertThrows(InvalidRequestException.class, () -> open(workers, text));
            }
            assertEquals(8, open(workers, clip).info().seconds(), 0.1);
            assertEquals(1, workers.statistics().started());
        }
    }

    @Test
    void a_page_that_needs_more_than_a_process_may_take_is_refused() throws IOException {
        Path file = folder.resolve("page.pdf");
        try (PDDocument document = new PDDocument()) {
            document.addPage(new PDPage());
            document.save(file.toFile());
        }
        WorkerOptions small = WorkerOptions.DEFAULT.withMemoryBytes(256L << 20);
        try (MediaWorkers workers = new MediaWorkers(small);
                WorkerDocument document =
                        workers.openDocument(file, DocumentLimits.DEFAULT, () -> false)) {
            InvalidRequestException fault =
                    assertThrows(
                            InvalidRequestException.class,
                            () -> document.page(0, 7_000, 9_000, Optional.empty()));
            assertEquals(
                    "the document needs more than 256 MB to decode; send a smaller one",
                    fault.getMessage());
            assertEquals(0, workers.statistics().killedForNonsense());
            assertEquals(100, document.page(0, 100, 130, Optional.empty()).width());
        }
    }

    @Test
    void a_video_that_needs_more_than_a_process_may_take_is_refused() {
        Path large =
                TestClips.make(
                        folder.resolve("large.mp4"),
                        "-f",
                        "lavfi",
                        "-i",
                        "color=red:s=7680x4320:r=5:d=1",
                        "-c:v",
                        "libx264",
                        "-preset",
                        "ultrafast",
                        "-refs",
                        "6",
                        "-pix_fmt",
                        "yuv420p");
        WorkerOptions small = WorkerOptions.DEFAULT.withMemoryBytes(256L << 20);
        try (MediaWorkers workers = new MediaWorkers(small)) {
            InvalidRequestException fault =
                    assertThrows(
                            InvalidRequestException.class,
                            () ->
                                    workers.openVideo(
                                            large, new VideoLimits(1L << 26, 60), () -> false));
            assertEquals(Kind.MEDIA_TOO_LARGE, fault.kind(), fault.getMessage());
            assertEquals(8, open(workers, clip).info().seconds(), 0.1);
        }
    }

    @Test
    void a_long_video_takes_no_more_memory_than_a_short_one() throws IOException {
        Path minute =
                TestClips.numbered(
                        folder.resolve("minute.mp4"),
                        25,
                        1_500,
                        "-c:v libx264 -preset ultrafast -g 50");
        Path halfHour =
                TestClips.make(
                        folder.resolve("half_hour.mp4"),
                        "-stream_loop",
                        "29",
                        "-i",
                        minute.toString(),
                        "-c",
                        "copy");
        long ofShort = residentBytesAfter(minute, 60);
        long ofLong = residentBytesAfter(halfHour, 1_800);
        assertTrue(
                ofLong < ofShort + (24 << 20),
                () -> "%,d bytes, and %,d for a minute".formatted(ofLong, ofShort));
    }

    private static long residentBytesAfter(Path video, double seconds) throws IOException {
        try (MediaWorkers workers = workers(1);
                WorkerVideo opened = open(workers, video)) {
            assertEquals(seconds, opened.info().seconds(), 0.5);
            opened.choose(IntStream.range(0, 60).mapToDouble(i -> i * seconds / 60).toArray());
            for (int i = 0; i < 60; i++) {
                int number = (int) Math.round(i * seconds / 60 * 25);
                assertEquals(number % 1_500, TestClips.number(opened.frame(i)));
            }
            long process = workers.processIds().getFirst();
            String status = Files.readString(Path.of("/proc/%d/status".formatted(process)));
            return 1024 * Long.parseLong(status.replaceAll("(?s).*VmHWM:\\s*(\\d+) kB.*", "$1"));
        }
    }

    @Test
    void a_class_path_may_hold_spaces() throws IOException {
        String plain = System.getProperty("java.class.path");
        List<String> entries = new ArrayList<>();
        Path links = Files.createDirectory(folder.resolve("folder with spaces"));
        for (String entry : plain.split(File.pathSeparator)) {
            Path link = links.resolve(entries.size() + " " + Path.of(entry).getFileName());
            Files.createSymbolicLink(link, Path.of(entry).toAbsolutePath());
            entries.add(link.toString());
        }
        System.setProperty("java.class.path", String.join(File.pathSeparator, entries));
        try (MediaWorkers workers = workers(1)) {
            assertEquals(8, open(workers, clip).info().seconds(), 0.1);
        } finally {
            System.setProperty("java.class.path", plain);
            for (String link : entries) {
                Files.delete(Path.of(link));
            }
        }
    }

    private static void signal(String name, long process) throws Exception {
        int code = new ProcessBuilder("kill", "-" + name, Long.toString(process)).start().waitFor();
        assertEquals(0, code);
    }
}
