package io.moonglass.runtime.media;

import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.Picture;

/// A picture that does not move, sent as a video: one frame.
record StillPicture(EncodedPicture picture) implements MovingPicture {

    @Override
    public int width() {
        return picture.width();
    }

    @Override
    public int height() {
        return picture.height();
    }

    @Override
    public double seconds() {
        return 0;
    }

    @Override
    public void choose(double[] seconds) {}

    @Override
    public Picture frame(int index) {
        return picture.decode();
    }
}
