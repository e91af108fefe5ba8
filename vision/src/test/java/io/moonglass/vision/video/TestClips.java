package io.moonglass.vision.video;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.vision.image.Picture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/// Clips made by the `ffmpeg` of this machine. Every frame carries its number as bars, white for a one, the
/// lowest bit at the left.
public final class TestClips {

    /// Of the numbered clips.
    public static final int WIDTH = 384;

    public static final int HEIGHT = 64;
    private static final int NUM_BITS = 12;

    private TestClips() {}

    /// Skips the test, with the reason, where there is no `ffmpeg`.
    public static void needFfmpeg() {
        boolean there;
        try {
            Process process =
                    new ProcessBuilder("ffmpeg", "-version")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            there = process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            there = false;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        Assumptions.assumeTrue(there, "makes clips with ffmpeg, which is not installed here");
    }

    /// Runs `ffmpeg` with these arguments and the file as the last one.
    public static Path make(Path file, String... arguments) {
        List<String> command = new ArrayList<>(List.of("ffmpeg", "-v", "error", "-nostdin", "-y"));
        command.addAll(List.of(arguments));
        command.add(file.toString());
        try {
            Path log = Files.createTempFile("ffmpeg", ".log");
            try {
                Process process =
                        new ProcessBuilder(command)
                                .redirectErrorStream(true)
                                .redirectOutput(log.toFile())
                                .start();
                assertTrue(process.waitFor(120, TimeUnit.SECONDS), () -> "slow: " + command);
                assertEquals(0, process.exitValue(), Files.readString(log));
            } finally {
                Files.delete(log);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return file;
    }

    /// A clip of numbered frames.
    ///
    /// @param coding how, for example `-c:v libx264 -bf 3`
    public static Path numbered(Path file, int framesPerSecond, int numFrames, String coding) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "-f",
                                "lavfi",
                                "-i",
                                source(framesPerSecond),
                                "-frames:v",
                                Integer.toString(numFrames)));
        arguments.addAll(List.of(coding.split(" ")));
        return make(file, arguments.toArray(String[]::new));
    }

    private static String source(int framesPerSecond) {
        String bit = "mod(floor(N/pow(2,floor(X*%d/%d))),2)".formatted(NUM_BITS, WIDTH);
        return "nullsrc=s=%dx%d:r=%d,geq=lum='if(%s,235,16)':cb=128:cr=128,format=yuv420p"
                .formatted(WIDTH, HEIGHT, framesPerSecond, bit);
    }

    /// The number that a frame carries.
    public static int number(Picture frame) {
        int number = 0;
        for (int bit = 0; bit < NUM_BITS; bit++) {
            int x = (2 * bit + 1) * frame.width() / (2 * NUM_BITS);
            int green = rgb(frame, x, frame.height() / 2)[1];
            assertTrue(green < 80 || green > 175, () -> "neither black nor white: " + green);
            number |= green > 128 ? 1 << bit : 0;
        }
        return number;
    }

    /// The colour of a pixel, from 0 to 255 each.
    public static int[] rgb(Picture frame, int x, int y) {
        int at = 3 * (y * frame.width() + x);
        return new int[] {
            frame.pixels()[at] & 0xff, frame.pixels()[at + 1] & 0xff, frame.pixels()[at + 2] & 0xff
        };
    }
}
