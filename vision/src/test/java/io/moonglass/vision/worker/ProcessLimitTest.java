package io.moonglass.vision.worker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.vision.document.DocumentLimits;
import io.moonglass.vision.video.TestClips;
import io.moonglass.vision.video.VideoLimits;
import java.io.BufferedReader;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessLimitTest {

    @TempDir Path folder;

    private static Process java(Class<?> program, String... arguments) throws IOException {
        List<String> line =
                new ArrayList<>(
                        List.of(
                                System.getProperty("java.home") + "/bin/java",
                                "-Xmx32m",
                                "-XX:+UseSerialGC",
                                "-XX:MaxDirectMemorySize=4g",
                                "--enable-native-access=ALL-UNNAMED",
                                "-cp",
                                System.getProperty("java.class.path"),
                                program.getName()));
        line.addAll(Arrays.asList(arguments));
        return new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    @Test
    void a_confined_process_reads_and_computes_and_nothing_else() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "somebody else's");
        Process process = java(ConfinedProgram.class, file.toString());
        List<String> lines =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                        .lines()
                        .toList();
        Assumptions.assumeTrue(
                lines.getFirst().equals("limits " + EnumSet.allOf(ProcessLimit.class)),
                () -> "this system has only " + lines.getFirst());
        assertEquals(
                List.of(
                        "read done",
                        "thread done",
                        "connect refused",
                        "create refused",
                        "overwrite refused",
                        "append refused",
                        "rename refused",
                        "delete refused",
                        "link refused",
                        "folder refused",
                        "program refused",
                        "kill refused",
                        "slow the parent refused",
                        "signal of a file refused",
                        "owner of a file refused",
                        "flags of a file done",
                        "type refused",
                        "memory refused"),
                lines.subList(1, lines.size()));
        assertEquals("somebody else's", Files.readString(file));
    }

    /// Opens the video it is told of and waits.
    static final class Parent {
        public static void main(String[] arguments) throws Exception {
            MediaWorkers workers = new MediaWorkers(WorkerOptions.DEFAULT);
            workers.openVideo(Path.of(arguments[0]), VideoLimits.DEFAULT, () -> false);
            System.out.println(workers.processIds().getFirst());
            Thread.sleep(1_000_000);
        }
    }

    @Test
    void a_process_does_not_outlive_its_server() throws Exception {
        TestClips.needFfmpeg();
        Path clip = TestClips.numbered(folder.resolve("clip.mp4"), 25, 10, "-c:v libx264");
        Process parent = java(Parent.class, clip.toString());
        try (BufferedReader lines = parent.inputReader()) {
            ProcessHandle child = ProcessHandle.of(Long.parseLong(lines.readLine())).orElseThrow();
            assertTrue(child.isAlive());
            parent.destroyForcibly();
            child.onExit().join();
        }
    }

    @Test
    void a_process_that_hangs_ends_with_its_input_whatever_else_was_asked() throws Exception {
        Path pipe = folder.resolve("pipe.pdf"); // whoever opens it waits for a writer
        assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
        Process process = java(WorkerMain.class, "FILES", Long.toString(1L << 30), "1");
        try (DataOutputStream out = new DataOutputStream(process.getOutputStream())) {
            Command open =
                    new Command.OpenDocument(
                            new Command.DocumentSource(pipe, DocumentLimits.DEFAULT));
            open.writeTo(out);
            open.writeTo(out);
            open.writeTo(out);
        }
        try {
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
        } finally {
            process.destroyForcibly();
        }
    }
}
