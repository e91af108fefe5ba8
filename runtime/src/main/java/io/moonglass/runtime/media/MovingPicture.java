package io.moonglass.runtime.media;

import io.moonglass.vision.image.Picture;

/// A video or an animation whose length and size are known and of which no frame is decoded yet. Frames are decoded
/// one at a time, and best in order.
interface MovingPicture {

    int width();

    int height();

    /// Its length; 0 if it is unknown.
    double seconds();

    /// Which moments [#frame] will be asked for, in order.
    void choose(double[] seconds);

    /// What is on screen at a chosen moment. Blocks; for platform threads.
    Picture frame(int index);
}
