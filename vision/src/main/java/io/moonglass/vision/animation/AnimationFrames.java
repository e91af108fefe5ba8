package io.moonglass.vision.animation;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.image.EncodedFrame;
import io.moonglass.vision.image.FrameCanvas;
import io.moonglass.vision.image.FrameDisposal;
import io.moonglass.vision.image.FrameSequence;
import io.moonglass.vision.image.Picture;
import java.util.List;
import java.util.NoSuchElementException;

/// Shows an animation's frames one after another, each as a whole picture over white. In memory are one canvas and,
/// where a frame is to be undone, what was under it; never more frames. For one thread, which should be a platform
/// thread.
public final class AnimationFrames {

    private final List<EncodedFrame> frames;
    private final int width;
    private final int height;
    private final FrameCanvas canvas;

    /// The next frame to be drawn.
    private int next;

    /// What is under the frame that was drawn last, if it will be undone.
    private byte[] covered;

    AnimationFrames(FrameSequence sequence) {
        this.frames = sequence.frames();
        this.width = sequence.width();
        this.height = sequence.height();
        this.canvas = new FrameCanvas(width, height);
    }

    /// Whether [#next()] has a frame.
    public boolean hasNext() {
        return next < frames.size();
    }

    /// The next frame's picture, in RGB.
    ///
    /// @throws InvalidRequestException if its pixels, or those of a frame that shows through it, are damaged
    /// @throws NoSuchElementException  if there is none
    public Picture next() {
        if (!hasNext()) {
            throw new NoSuchElementException("there are %d frames".formatted(frames.size()));
        }
        draw();
        return canvas.picture();
    }

    /// Makes [#next()] return this frame. What it needs of those before it is drawn, from the last one on that hides
    /// all before it.
    ///
    /// @param frame not one that was returned already
    /// @throws InvalidRequestException if the pixels of a frame before it are damaged
    public void skipTo(int frame) {
        if (frame < next || frame >= frames.size()) {
            throw new IllegalArgumentException(
                    "frame %d after %d of %d; want a later one"
                            .formatted(frame, next, frames.size()));
        }
        for (int i = frame; i > next; i--) {
            if (startsAnew(i)) {
                covered = null;
                canvas.clear();
                next = i;
                break;
            }
        }
        while (next < frame) {
            draw();
        }
    }

    /// Whether nothing that was drawn before this frame can be seen from it on.
    private boolean startsAnew(int i) {
        EncodedFrame frame = frames.get(i);
        boolean hidesAll = frame.area().covers(width, height) && frame.hidesArea();
        EncodedFrame before = frames.get(i - 1);
        boolean cleared =
                before.disposal() == FrameDisposal.CLEAR && before.area().covers(width, height);
        return cleared || (hidesAll && frame.disposal() != FrameDisposal.RESTORE);
    }

    private void draw() {
        if (next > 0) {
            dispose(frames.get(next - 1));
        }
        EncodedFrame frame = frames.get(next);
        if (frame.disposal() == FrameDisposal.RESTORE) {
            covered = canvas.copyOf(frame.area());
        }
        frame.drawOn(canvas);
        next++;
    }

    private void dispose(EncodedFrame frame) {
        switch (frame.disposal()) {
            case KEEP -> {}
            case CLEAR -> canvas.clear(frame.area());
            case RESTORE -> {
                if (covered != null) {
                    canvas.restore(frame.area(), covered);
                    covered = null;
                }
            }
        }
    }
}
