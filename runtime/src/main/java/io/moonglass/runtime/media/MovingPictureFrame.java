package io.moonglass.runtime.media;

import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.Picture;
import java.util.Optional;

/// A chosen frame of a moving picture.
record MovingPictureFrame(MovingPicture moving, int index) implements EncodedPicture {

    @Override
    public int width() {
        return moving.width();
    }

    @Override
    public int height() {
        return moving.height();
    }

    @Override
    public Optional<Object> decoder() {
        return Optional.of(moving);
    }

    @Override
    public Picture decode() {
        return moving.frame(index);
    }
}
