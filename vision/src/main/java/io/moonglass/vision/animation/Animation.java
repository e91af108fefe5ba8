package io.moonglass.vision.animation;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.image.FrameSequence;
import io.moonglass.vision.image.ImageLimits;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/// A moving picture (GIF, animated WebP, animated PNG) whose frames were found whole and within the limits, but are
/// still encoded: it is known how many there are and when each is shown. It is played once, however often the file
/// asks for it. Immutable.
public final class Animation {

    private final FrameSequence sequence;

    /// When each frame begins, and the end of the last one, in milliseconds.
    private final long[] starts;

    private Animation(FrameSequence sequence) {
        this.sequence = sequence;
        this.starts = new long[sequence.frames().size() + 1];
        for (int i = 0; i < sequence.frames().size(); i++) {
            starts[i + 1] = starts[i] + sequence.frames().get(i).millis();
        }
    }

    /// @param maxFrames the most frames that are taken in
    /// @return empty if the bytes are a picture that does not move; a GIF of one frame moves for as long as that is
    ///     shown
    /// @throws InvalidRequestException if the bytes are no picture, over a limit or damaged
    public static Optional<Animation> of(byte[] bytes, ImageLimits limits, int maxFrames) {
        return FrameSequence.read(bytes, limits, maxFrames).map(Animation::new);
    }

    /// Columns of pixels of every frame, as it is shown.
    public int width() {
        return sequence.width();
    }

    /// Rows of pixels of every frame, as it is shown.
    public int height() {
        return sequence.height();
    }

    public int numFrames() {
        return sequence.frames().size();
    }

    /// From the first frame's beginning to the last one's end.
    public Duration duration() {
        return Duration.ofMillis(starts[numFrames()]);
    }

    /// When a frame begins.
    public Duration startOf(int frame) {
        return Duration.ofMillis(starts[checked(frame)]);
    }

    /// The frame that is shown at a time; the first one before the beginning, the last one after the end.
    public int frameAt(Duration time) {
        int found = Arrays.binarySearch(starts, 0, numFrames(), time.toMillis());
        return Math.max(found >= 0 ? found : -found - 2, 0);
    }

    /// The frames from the first one on. Several cursors do not disturb each other.
    public AnimationFrames frames() {
        return new AnimationFrames(sequence);
    }

    private int checked(int frame) {
        if (frame < 0 || frame >= numFrames()) {
            throw new IllegalArgumentException(
                    "frame %d of %d; want one from 0".formatted(frame, numFrames()));
        }
        return frame;
    }
}
