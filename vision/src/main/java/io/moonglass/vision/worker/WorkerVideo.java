package io.moonglass.vision.worker;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.image.Picture;
import io.moonglass.vision.video.VideoInfo;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/// A video whose headers were read. Frames are decoded where they are asked for, by one of [MediaWorkers]; asking in
/// order is cheap. One thread at a time, others wait. Nothing is held between two frames but the file itself.
public final class WorkerVideo implements AutoCloseable {

    private final MediaWorkers workers;
    private final Command.VideoSource source;
    private final VideoInfo info;
    private final BooleanSupplier abandoned;
    private final ReentrantLock lock = new ReentrantLock();
    private double[] chosen = {};

    WorkerVideo(
            MediaWorkers workers,
            Command.VideoSource source,
            VideoInfo info,
            BooleanSupplier abandoned) {
        this.workers = workers;
        this.source = source;
        this.info = info;
        this.abandoned = abandoned;
    }

    public VideoInfo info() {
        return info;
    }

    /// Says which frames will be asked for, so that one can be decoded while the one before is worked on.
    ///
    /// @param seconds times as of [VideoFile#frameAt], best in order
    /// @throws IllegalArgumentException if one is no number
    public void choose(double[] seconds) {
        for (double second : seconds) {
            if (!Double.isFinite(second)) {
                throw new IllegalArgumentException("frame at %s s".formatted(second));
            }
        }
        lock.lock();
        try {
            chosen = seconds.clone();
        } finally {
            lock.unlock();
        }
    }

    /// The frame that is on screen at the chosen time of this index. Waits for a process and for its answer.
    ///
    /// @return of mode RGB and the video's size
    /// @throws InvalidRequestException   if it cannot be decoded, or not in time
    /// @throws CancellationException     if nobody waits for it, or the thread is interrupted
    /// @throws IndexOutOfBoundsException if no such time was chosen
    public Picture frame(int index) {
        lock.lock();
        try {
            double seconds = chosen[index];
            double ahead = index + 1 < chosen.length ? chosen[index + 1] : Double.NaN;
            return workers.perform(
                    new Command.VideoFrame(source, seconds, ahead),
                    abandoned,
                    in -> in.rgb(info.width(), info.height()));
        } finally {
            lock.unlock();
        }
    }

    /// Lets go of the file, which may then be deleted. Frames can still be asked for while it is there.
    @Override
    public void close() {
        workers.close(source);
    }
}
