package io.moonglass.runtime.media;

import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.Picture;
import io.moonglass.vision.image.PictureStyle;
import io.moonglass.vision.worker.MediaWorkers;
import java.util.Optional;

/// A picture that a worker process decodes, so that whatever is wrong with the decoder stays there.
///
/// @param encoded its container, read in this process
/// @param taker   for whom it is decoded
record IsolatedPicture(
        EncodedPicture encoded,
        byte[] bytes,
        ImageLimits limits,
        PictureStyle style,
        MediaWorkers workers,
        MediaTaker taker)
        implements EncodedPicture {

    @Override
    public int width() {
        return encoded.width();
    }

    @Override
    public int height() {
        return encoded.height();
    }

    @Override
    public Optional<Object> decoder() {
        return Optional.of(this);
    }

    @Override
    public Picture decode() {
        return workers.decode(bytes, limits, style, taker::isOver);
    }
}
