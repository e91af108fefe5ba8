package io.moonglass.vision.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import io.moonglass.vision.document.DocumentLimits;
import io.moonglass.vision.video.VideoLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the server makes of processes that were taken over, hang or die.
class HostileWorkerTest {

    @TempDir Path folder;

    private MediaWorkers workers;

    @BeforeEach
    void start() throws IOException {
        workers = new MediaWorkers(options());
    }

    private WorkerOptions options() throws IOException {
        return WorkerOptions.DEFAULT
                .withMaxWorkers(1)
                .withDeadline(Duration.ofSeconds(2))
                .withJava(HostileWorker.program(folder));
    }

    @AfterEach
    void aGoodVideoIsAnsweredAfterwards() {
        try (MediaWorkers closed = workers;
                WorkerVideo good = open("good")) {
            good.choose(new double[] {3, 4});
            assertEquals(4, good.frame(1).pixels()[0]);
        }
    }

    private WorkerVideo open(String name) {
        return workers.openVideo(folder.resolve(name), VideoLimits.DEFAULT, () -> false);
    }

    private InvalidRequestException refused(String name) {
        return assertThrows(InvalidRequestException.class, () -> open(name));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "noise",
                "endless",
                "large-video",
                "endless-video",
                "unknown-codec",
                "long-fault",
                "fault-of-lines"
            })
    void a_process_that_answers_nonsense_is_ended(String name) {
        InvalidRequestException fault = refused(name);
        assertEquals(Kind.INVALID_MEDIA, fault.kind());
        assertEquals(
                "the decoder ended unexpectedly on this video; save or convert it again",
                fault.getMessage());
        assertEquals(1, workers.statistics().killedForNonsense());
        assertEquals(0, workers.statistics().running());
    }

    @Test
    void a_frame_of_another_size_than_the_video_is_nonsense() {
        WorkerVideo video = open("other-size");
        video.choose(new double[] {1});
        assertThrows(InvalidRequestException.class, () -> video.frame(0));
        assertEquals(1, workers.statistics().killedForNonsense());
    }

    @ParameterizedTest
    @ValueSource(strings = {"many-pages", "no-pages"})
    void more_pages_than_allowed_or_none_are_nonsense(String name) {
        assertThrows(
                InvalidRequestException.class,
                () ->
                        workers.openDocument(
                                folder.resolve(name), DocumentLimits.DEFAULT, () -> false));
        assertEquals(1, workers.statistics().killedForNonsense());
    }

    @ParameterizedTest
    @ValueSource(strings = {"hangs", "drips"})
    void a_process_that_is_not_done_at_the_deadline_is_killed(String name) {
        InvalidRequestException fault =
                assertThrows(
                        InvalidRequestException.class,
                        () -> {
                            WorkerVideo video = open(name);
                            video.choose(new double[] {1});
                            video.frame(0);
                        });
        assertEquals(Kind.INVALID_MEDIA, fault.kind());
        assertEquals(
                "the video could not be decoded within 2 s; send a smaller or simpler one",
                fault.getMessage());
        assertEquals(1, workers.statistics().killedForTime());
    }

    @Test
    void a_command_whose_process_dies_is_done_again() throws IOException {
        Files.createFile(folder.resolve("dies-once"));
        assertEquals(HostileWorker.WIDTH, open("dies-once").info().width());
        assertEquals(1, workers.statistics().crashed());
        assertEquals(2, workers.statistics().started());
    }

    @Test
    void a_file_that_ends_two_processes_is_at_fault() {
        assertEquals(
                "the decoder ended unexpectedly on this video; save or convert it again",
                refused("dies").getMessage());
        assertEquals(2, workers.statistics().crashed());
    }

    @Test
    void a_process_without_memory_says_so() {
        InvalidRequestException fault = refused("out-of-memory");
        assertEquals(Kind.MEDIA_TOO_LARGE, fault.kind());
        assertEquals(
                "the video needs more than 1,024 MB to decode; send a smaller one",
                fault.getMessage());
    }

    @Test
    void a_command_that_nobody_waits_for_ends_before_its_deadline() throws Exception {
        AtomicBoolean abandoned = new AtomicBoolean();
        Thread caller =
                Thread.ofPlatform()
                        .start(() ->
                                assertThrows(
                                        CancellationException.class,
                                        () ->
                                                workers.openVideo(
                                                        folder.resolve("hangs"),
                                                        VideoLimits.DEFAULT,
                                                        abandoned::get)));
        while (workers.statistics().busy() == 0) {
            Thread.sleep(10);
        }
        abandoned.set(true);
        caller.join();
        assertEquals(1, workers.statistics().abandoned());
        assertEquals(0, workers.statistics().killedForTime());
    }

    @Test
    void what_waits_for_a_process_gives_up_with_its_caller() throws Exception {
        Thread holder = Thread.ofPlatform().start(() -> refused("hangs"));
        while (workers.statistics().busy() == 0) {
            Thread.sleep(10);
        }
        long asked = workers.statistics().commands();
        assertThrows(
                CancellationException.class,
                () -> workers.openVideo(folder.resolve("x"), VideoLimits.DEFAULT, () -> true));
        assertEquals(asked, workers.statistics().commands());
        holder.join();
    }

    /// Its pipe fills, and the server's last word to it is not taken: also if it was that a file is to be closed.
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void a_process_that_does_not_listen_is_killed_at_the_deadline() throws IOException {
        // a pipe holds 64 KiB: eight commands about a name of 8,000 bytes, and the ninth is the
        // fifth
        // "close", as the first "open" is read
        String longName = ("/" + "n".repeat(99)).repeat(78) + "/another";
        try (MediaWorkers deaf = new MediaWorkers(options())) {
            for (int i = 0; i < 6; i++) {
                Path name = Path.of(longName + i, "deaf");
                deaf.openVideo(name, VideoLimits.DEFAULT, () -> false).close();
            }
            assertEquals(2, deaf.statistics().started());
            assertEquals(1, deaf.statistics().killedForTime());
        }
    }

    @Test
    void who_waits_for_a_process_is_not_passed_over() throws Exception {
        AtomicBoolean served = new AtomicBoolean();
        WorkerVideo video = open("ahead");
        double[] seconds = new double[1000];
        video.choose(seconds);
        AtomicInteger numFrames = new AtomicInteger();
        Thread busy =
                Thread.ofPlatform()
                        .start(() -> {
                            while (!served.get() && numFrames.get() < seconds.length) {
                                video.frame(numFrames.getAndIncrement());
                            }
                        });
        while (numFrames.get() < 3) {
            Thread.sleep(1);
        }
        open("good").close();
        served.set(true);
        busy.join();
        assertTrue(numFrames.get() < 200, () -> "%d frames came first".formatted(numFrames.get()));
    }

    @ParameterizedTest
    @CsvSource({"/nonexistent/java", "/bin/true"})
    void a_program_that_is_no_java_is_the_operators_fault(Path program) {
        try (MediaWorkers none =
                new MediaWorkers(WorkerOptions.DEFAULT.withMaxWorkers(1).withJava(program))) {
            IllegalStateException fault =
                    assertThrows(
                            IllegalStateException.class,
                            () ->
                                    none.openVideo(
                                            folder.resolve("x"), VideoLimits.DEFAULT, () -> false));
            assertTrue(fault.getMessage().contains(program.toString()), fault.getMessage());
        }
    }
}
