package io.moonglass.runtime.media;

import io.moonglass.loader.digest.Digest;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.FittedSize;

/// A picture of a request that was found whole and within the limits. Nothing is decoded yet, but it
/// is known what it will cost.
///
/// @param where   of the part in its request, for messages
/// @param encoded stands for the bytes as they were sent
/// @param size    what becomes of the picture's size on its way to patches
public record ImageInput(String where, EncodedPicture picture, Digest encoded, FittedSize size) {

    /// Rows that the encoder will make of it.
    public int numTokens() {
        return size.numTokens();
    }

    /// Pixels that the encoder will see: what its time grows with.
    public long fittedPixels() {
        return (long) size.width() * size.height();
    }

    /// Pixels that are in memory while it is decoded and fitted.
    long pixelsInWork() {
        return Math.max((long) picture.width() * picture.height(), fittedPixels());
    }
}
