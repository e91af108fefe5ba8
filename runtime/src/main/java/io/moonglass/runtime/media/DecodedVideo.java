package io.moonglass.runtime.media;

import io.moonglass.vision.image.Picture;
import io.moonglass.vision.worker.WorkerVideo;

/// A video that a worker process decodes.
record DecodedVideo(WorkerVideo video) implements MovingPicture {

    @Override
    public int width() {
        return video.info().width();
    }

    @Override
    public int height() {
        return video.info().height();
    }

    @Override
    public double seconds() {
        return video.info().seconds();
    }

    @Override
    public void choose(double[] seconds) {
        video.choose(seconds);
    }

    @Override
    public Picture frame(int index) {
        return video.frame(index);
    }
}
