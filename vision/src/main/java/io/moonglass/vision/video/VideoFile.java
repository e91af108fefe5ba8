package io.moonglass.vision.video;

import static org.bytedeco.ffmpeg.global.avutil.AV_LOG_QUIET;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_alloc;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_free;
import static org.bytedeco.ffmpeg.global.avutil.av_frame_unref;
import static org.bytedeco.ffmpeg.global.avutil.av_log_set_level;
import static org.bytedeco.ffmpeg.global.avutil.av_max_alloc;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.image.Picture;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.ffmpeg.global.avcodec;
import org.bytedeco.ffmpeg.global.avformat;
import org.bytedeco.ffmpeg.global.swscale;
import org.bytedeco.javacpp.Loader;

/// A video on disk and the frame that is on screen at any time of it. This and its package are the only door to
/// FFmpeg, whose decoders are what an attacker would aim at: open videos of others only in a process that may be
/// lost ([io.moonglass.vision.worker.MediaWorkers]). Memory does not grow with the length. For one thread.
public final class VideoFile implements AutoCloseable {

    static {
        loadNatives();
        av_log_set_level(AV_LOG_QUIET);
    }

    /// How far ahead a frame has to be before a jump is tried where the index knows no key frame.
    private static final double BLIND_SEEK_SECONDS = 10;

    /// Frames may be given in coarser times than they were asked for.
    private static final double TIME_TOLERANCE_SECONDS = 0.0005;

    private final Path path;
    private final VideoContainer container;
    private final VideoLimits limits;
    private final int threads;

    private VideoStream stream;
    private VideoInfo info;
    private FrameConverter converter;
    private long startTick;
    private boolean alsoDamaged;
    private boolean blindSeeksHelp = true;

    /// What is on screen from `shownTick` on until `pendingTick`.
    private AVFrame shown = av_frame_alloc();

    private AVFrame pending = av_frame_alloc();
    private long shownTick = VideoStream.NO_TIME;
    private long pendingTick = VideoStream.NO_TIME;
    private boolean firstIsShown;

    private VideoFile(Path path, VideoContainer container, VideoLimits limits, int threads) {
        this.path = path;
        this.container = container;
        this.limits = limits;
        this.threads = threads;
    }

    /// Loads FFmpeg, which takes a moment and may write to the cache of native libraries.
    public static void loadNatives() {
        Loader.load(avformat.class);
        Loader.load(avcodec.class);
        Loader.load(swscale.class);
    }

    /// Bounds single allocations of FFmpeg in this process.
    public static void limitAllocations(long maxBytes) {
        av_max_alloc(maxBytes);
    }

    /// Reads the headers and the first frame.
    ///
    /// @param threads that one decoder uses
    /// @throws InvalidRequestException if it is no video, over a limit, or nothing of it can be shown
    public static VideoFile open(Path path, VideoLimits limits, int threads) {
        VideoFile video = new VideoFile(path, VideoContainer.of(head(path)), limits, threads);
        try {
            video.openStream();
            return video;
        } catch (RuntimeException | Error e) {
            video.close();
            throw e;
        }
    }

    private static byte[] head(Path path) {
        try (InputStream in = Files.newInputStream(path)) {
            return in.readNBytes(VideoContainer.HEAD_BYTES);
        } catch (IOException e) {
            throw VideoFaults.broken("cannot be read");
        }
    }

    private void openStream() {
        restart();
        limits.checkSeconds(stream.declaredSeconds());
        if (shownTick == VideoStream.NO_TIME) {
            alsoDamaged = true;
            restart();
        }
        if (shownTick == VideoStream.NO_TIME) {
            throw stream.lacksMemory()
                    ? VideoFaults.tooMuchMemory()
                    : VideoFaults.broken("has no frame that can be decoded");
        }
        long start = stream.startTick();
        startTick = start == VideoStream.NO_TIME ? shownTick : Math.min(start, shownTick);
        converter = converter();
        info = readInfo();
    }

    private VideoInfo readInfo() {
        double seconds = stream.declaredSeconds();
        double framesPerSecond = stream.declaredFramesPerSecond();
        if (!(seconds > 0)) {
            try (VideoStream counted = VideoStream.open(path, container, limits, threads)) {
                VideoStream.Extent extent = counted.count();
                seconds = (extent.endTick() - (double) startTick) * stream.secondsPerTick();
                limits.checkSeconds(seconds);
                if (framesPerSecond == 0 && seconds > 0) {
                    framesPerSecond = extent.numPackets() / seconds;
                }
            }
        }
        if (!(seconds > 0)) { // a single frame without a duration
            seconds = framesPerSecond > 0 ? 1 / framesPerSecond : stream.secondsPerTick();
        }
        return new VideoInfo(
                converter.shownWidth(),
                converter.shownHeight(),
                seconds,
                framesPerSecond,
                stream.codec());
    }

    /// Frames keep all the pixels they have: the side that its pixels are too narrow for is stretched.
    private FrameConverter converter() {
        double aspect = stream.pixelAspect(shown);
        long width = shown.width();
        long height = shown.height();
        if (aspect > 1) {
            width = Math.round(width * aspect);
        } else {
            height = Math.round(height / aspect);
        }
        limits.checkSize(width, height);
        return new FrameConverter((int) width, (int) height, stream.orientation());
    }

    public VideoInfo info() {
        return info;
    }

    /// The frame that is on screen at this time: the last that begins at it or before, the first frame for
    /// earlier times, the last frame for later ones. Asking in order is cheap, going back is not.
    ///
    /// @param seconds from the beginning of the video
    /// @throws InvalidRequestException if it cannot be decoded
    public Picture frameAt(double seconds) {
        double tolerance = Math.min(0.5, TIME_TOLERANCE_SECONDS / stream.secondsPerTick());
        long target = startTick + (long) Math.floor(seconds / stream.secondsPerTick() + tolerance);
        goTo(target);
        return converter.convert(shown);
    }

    private void goTo(long target) {
        if (shownTick == VideoStream.NO_TIME || target < shownTick && !firstIsShown) {
            seek(target);
        } else if (pendingTick != VideoStream.NO_TIME && target >= pendingTick) {
            skipTo(target);
        }
        while (pendingTick != VideoStream.NO_TIME && pendingTick <= target) {
            step();
        }
        if (shownTick == VideoStream.NO_TIME) {
            throw VideoFaults.broken("has no frame that can be decoded");
        }
    }

    /// Jumps forward if a key frame lies between here and there.
    private void skipTo(long target) {
        long keyFrame = stream.keyFrameBefore(target);
        if (keyFrame != VideoStream.NO_TIME && keyFrame > stream.packetTick()) {
            seek(target);
            return;
        }
        boolean far = (target - pendingTick) * stream.secondsPerTick() > BLIND_SEEK_SECONDS;
        if (far && blindSeeksHelp && !stream.indexReaches(target)) {
            long before = pendingTick;
            seek(target);
            blindSeeksHelp = shownTick > before;
        }
    }

    /// To a key frame at or before the target: where the file's format leads to a later one, from further and
    /// further back, at last from the beginning.
    private void seek(long target) {
        long back = 0;
        long step = Math.max(1, (long) (1 / stream.secondsPerTick()));
        while (target - back > startTick && stream.seek(target - back)) {
            fill();
            if (shownTick != VideoStream.NO_TIME && shownTick <= target) {
                return;
            }
            back = back == 0 ? step : 2 * back;
        }
        restart();
    }

    private void restart() {
        if (stream != null) {
            stream.close();
            stream = null;
        }
        stream = VideoStream.open(path, container, limits, threads);
        fill();
        firstIsShown = true;
    }

    private void fill() {
        av_frame_unref(pending);
        pendingTick = stream.next(pending, alsoDamaged);
        step();
    }

    /// Shows what is pending and decodes what comes after it.
    private void step() {
        firstIsShown = false;
        AVFrame empty = shown;
        av_frame_unref(empty);
        shown = pending;
        shownTick = pendingTick;
        pending = empty;
        pendingTick =
                shownTick == VideoStream.NO_TIME
                        ? VideoStream.NO_TIME
                        : stream.next(pending, alsoDamaged);
    }

    @Override
    public void close() {
        if (converter != null) {
            converter.close();
        }
        av_frame_free(shown);
        av_frame_free(pending);
        if (stream != null) {
            stream.close();
        }
    }
}
