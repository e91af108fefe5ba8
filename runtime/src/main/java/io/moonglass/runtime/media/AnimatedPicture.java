package io.moonglass.runtime.media;

import io.moonglass.vision.animation.Animation;
import io.moonglass.vision.animation.AnimationFrames;
import io.moonglass.vision.image.Picture;
import java.lang.ref.SoftReference;
import java.time.Duration;
import java.util.Arrays;

/// An animated GIF, WebP or PNG as a video. Decoded in this process: what is in it are still pictures.
final class AnimatedPicture implements MovingPicture {

    private final Animation animation;
    private int[] chosen = {};

    /// Two whole pictures, so let go of where memory is short: a request may hold many animations.
    private SoftReference<Cursor> cursor = new SoftReference<>(null);

    /// Where an animation has been played to.
    private record Cursor(AnimationFrames frames, int shownFrame, Picture shown) {}

    AnimatedPicture(Animation animation) {
        this.animation = animation;
    }

    @Override
    public int width() {
        return animation.width();
    }

    @Override
    public int height() {
        return animation.height();
    }

    @Override
    public double seconds() {
        return animation.duration().toNanos() * 1e-9;
    }

    @Override
    public synchronized void choose(double[] seconds) {
        chosen =
                Arrays.stream(seconds)
                        .mapToInt(at -> animation.frameAt(Duration.ofNanos(Math.round(at * 1e9))))
                        .toArray();
    }

    /// A frame that is not in order costs the ones before it once more.
    @Override
    public synchronized Picture frame(int index) {
        int wanted = chosen[index];
        Cursor reached = cursor.get();
        cursor.clear(); // a damaged frame leaves it in the middle
        if (reached == null || wanted != reached.shownFrame()) {
            reached = playedTo(wanted, reached);
        }
        boolean isLast = index == chosen.length - 1;
        cursor = new SoftReference<>(isLast ? null : reached);
        return reached.shown();
    }

    private Cursor playedTo(int frame, Cursor before) {
        AnimationFrames frames =
                before == null || frame < before.shownFrame()
                        ? animation.frames()
                        : before.frames();
        frames.skipTo(frame);
        return new Cursor(frames, frame, frames.next());
    }
}
