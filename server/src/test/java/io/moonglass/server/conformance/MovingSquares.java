package io.moonglass.server.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/// Clips of a square that moves across a white picture of 1280 x 720 in 60 seconds, 30 times a second, made by the
/// `ffmpeg` of this machine.
enum MovingSquares {
    H264("blue", "left", "mp4", "-c:v libx264 -preset ultrafast -g 300"),
    H265(
            "red",
            "right",
            "mkv",
            "-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=300"),
    VP9("green", "up", "webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 300 -b:v 1M"),
    AV1("blue", "down", "webm", "-c:v libsvtav1 -preset 12 -g 300");

    static final int SECONDS = 60;

    /// Of the clip; the demo model was taught on squares of a third of a frame's height.
    private static final int SIDE = 260;

    private static final int LONGEST_MINUTES = 5;

    private final String colour;
    private final String direction;
    private final String container;
    private final String coding;

    MovingSquares(String colour, String direction, String container, String coding) {
        this.colour = colour;
        this.direction = direction;
        this.container = container;
        this.coding = coding;
    }

    String question() {
        return "Which way does the %s square move?".formatted(colour);
    }

    /// What the question is to be answered with.
    String direction() {
        return direction;
    }

    String colour() {
        return colour;
    }

    /// Skips the test, with the reason, where there is no `ffmpeg` with all that is needed.
    static void needFfmpeg() {
        String missing = missing();
        Assumptions.assumeTrue(
                missing.isEmpty(), () -> "makes clips with ffmpeg, and there is no " + missing);
    }

    private static String missing() {
        try {
            Process process =
                    new ProcessBuilder("ffmpeg", "-v", "error", "-encoders")
                            .redirectErrorStream(true)
                            .start();
            String encoders = new String(process.getInputStream().readAllBytes());
            return List.of("libx264", "libx265", "libvpx-vp9", "libsvtav1", "libwebp_anim").stream()
                    .filter(encoder -> !encoders.contains(encoder))
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            return "ffmpeg";
        }
    }

    /// The clip, in a folder of the test's.
    Path in(Path folder) {
        return make(
                folder.resolve(name() + "." + container),
                "-f lavfi -i color=c=white:s=1280x720:r=30:d=%d -f lavfi -i color=c=%s:s=%dx%d:r=30:d=%d -filter_complex %s %s"
                        .formatted(SECONDS, colour, SIDE, SIDE, SECONDS, motion(), coding));
    }

    private String motion() {
        String there = "t/%d".formatted(SECONDS);
        String back = "(1-t/%d)".formatted(SECONDS);
        String x =
                switch (this) {
                    case H264 -> back;
                    case H265 -> there;
                    case VP9, AV1 -> "0.5";
                };
        String y =
                switch (this) {
                    case H264, H265 -> "0.5";
                    case VP9 -> back;
                    case AV1 -> there;
                };
        return "[0][1]overlay=x=%s*(W-w):y=%s*(H-h):shortest=1,format=yuv420p".formatted(x, y);
    }

    /// Runs `ffmpeg`.
    ///
    /// @param arguments separated by blanks, those of the input first
    static Path make(Path file, String arguments) {
        List<String> command = new ArrayList<>(List.of("ffmpeg", "-v", "error", "-nostdin", "-y"));
        command.addAll(List.of(arguments.split(" ")));
        command.add(file.toString());
        try {
            Path log = Files.createTempFile(file.getParent(), "ffmpeg", ".log");
            Process process =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(log.toFile())
                            .start();
            assertTrue(
                    process.waitFor(LONGEST_MINUTES, TimeUnit.MINUTES), () -> "slow: " + command);
            assertEquals(0, process.exitValue(), Files.readString(log));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return file;
    }
}
