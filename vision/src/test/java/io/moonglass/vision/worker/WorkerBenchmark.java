package io.moonglass.vision.worker;

import io.moonglass.vision.image.Picture;
import io.moonglass.vision.video.TestClips;
import io.moonglass.vision.video.VideoFile;
import io.moonglass.vision.video.VideoLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/// What it costs to decode in another process: its start, its memory at rest, frames a second beside those of
/// decoding in this one. A program for people; `args[0]` is a folder for clips, which are kept.
public final class WorkerBenchmark {

    private static final int SECONDS = 20;
    private static final int FRAMES_PER_SECOND = 30;

    private static final Map<String, String> CODINGS =
            new TreeMap<>(
                    Map.of(
                            "h264_720p.mp4",
                            "1280x720 -c:v libx264 -preset veryfast",
                            "h265_720p.mp4",
                            "1280x720 -c:v libx265 -preset ultrafast -x265-params log-level=none",
                            "vp9_720p.webm",
                            "1280x720 -c:v libvpx-vp9 -deadline realtime -cpu-used 8",
                            "av1_720p.mkv",
                            "1280x720 -c:v libaom-av1 -usage realtime -cpu-used 8",
                            "h264_2160p.mp4",
                            "3840x2160 -c:v libx264 -preset ultrafast -g 60"));

    private WorkerBenchmark() {}

    public static void main(String[] arguments) throws IOException {
        Path folder = Path.of(arguments[0]);
        measureStart(folder);
        for (Map.Entry<String, String> coding : CODINGS.entrySet()) {
            measure(clip(folder, coding.getKey(), coding.getValue()));
        }
    }

    private static Path clip(Path folder, String name, String coding) {
        Path file = folder.resolve(name);
        if (Files.exists(file)) {
            return file;
        }
        String[] sizeAndCodec = coding.split(" ", 2);
        String[] codec = sizeAndCodec[1].split(" ");
        String source =
                "testsrc2=s=%s:r=%d:d=%d".formatted(sizeAndCodec[0], FRAMES_PER_SECOND, SECONDS);
        String[] all = new String[4 + codec.length + 2];
        System.arraycopy(new String[] {"-f", "lavfi", "-i", source}, 0, all, 0, 4);
        System.arraycopy(codec, 0, all, 4, codec.length);
        all[all.length - 2] = "-pix_fmt";
        all[all.length - 1] = "yuv420p";
        return TestClips.make(file, all);
    }

    private static void measureStart(Path folder) throws IOException {
        Path tiny = TestClips.numbered(folder.resolve("tiny.mp4"), 25, 10, "-c:v libx264");
        for (int i = 0; i < 4; i++) {
            try (MediaWorkers workers = new MediaWorkers(WorkerOptions.DEFAULT)) {
                long begun = System.nanoTime();
                WorkerVideo video = workers.openVideo(tiny, VideoLimits.DEFAULT, () -> false);
                double first = (System.nanoTime() - begun) / 1e6;
                video.close();
                begun = System.nanoTime();
                workers.openVideo(tiny, VideoLimits.DEFAULT, () -> false).close();
                double second = (System.nanoTime() - begun) / 1e6;
                System.out.printf(
                        "open with a new process %.0f ms, with one that is there %.1f ms, resting %s%n",
                        first, second, resident(workers));
            }
        }
    }

    private static void measure(Path clip) throws IOException {
        for (boolean sparse : new boolean[] {false, true}) {
            int count = sparse ? 2 * SECONDS : Math.min(SECONDS * FRAMES_PER_SECOND, 300);
            double step = sparse ? 0.5 : 1.0 / FRAMES_PER_SECOND;
            double[] times = IntStream.range(0, count).mapToDouble(i -> i * step).toArray();
            double here;
            try (VideoFile video = VideoFile.open(clip, VideoLimits.DEFAULT, 1)) {
                here = rate(count, i -> video.frameAt(times[i]));
            }
            try (MediaWorkers workers = new MediaWorkers(WorkerOptions.DEFAULT.withMaxWorkers(1));
                    WorkerVideo video = workers.openVideo(clip, VideoLimits.DEFAULT, () -> false)) {
                video.choose(times);
                double there = rate(count, video::frame);
                System.out.printf(
                        "%-15s %-6s here %6.1f, in another process %6.1f frames/s, which takes %s%n",
                        clip.getFileName(),
                        sparse ? "2/s" : "every",
                        here,
                        there,
                        resident(workers));
            }
        }
    }

    private static double rate(int count, IntFunction<Picture> frames) {
        long begun = System.nanoTime();
        for (int i = 0; i < count; i++) {
            if (frames.apply(i).pixels().length == 0) {
                throw new IllegalStateException("an empty frame");
            }
        }
        return count / ((System.nanoTime() - begun) / 1e9);
    }

    private static String resident(MediaWorkers workers) throws IOException {
        Path status = Path.of("/proc/%d/status".formatted(workers.processIds().getFirst()));
        String text = Files.readString(status);
        return text.replaceAll("(?s).*VmHWM:\\s*(\\d+) kB.*", "at most $1 kB")
                + text.replaceAll("(?s).*VmRSS:\\s*(\\d+) kB.*", ", now $1 kB");
    }
}
