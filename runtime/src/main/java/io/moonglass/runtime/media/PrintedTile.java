package io.moonglass.runtime.media;

import io.moonglass.runtime.ocr.BlankTileException;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.JpegDecoding;
import io.moonglass.vision.image.Picture;
import java.util.Arrays;
import java.util.Optional;

/// A page, or a part of one, that is there to be read.
///
/// @param picture that shows it
record PrintedTile(EncodedPicture picture) implements EncodedPicture {

    @Override
    public int width() {
        return picture.width();
    }

    @Override
    public int height() {
        return picture.height();
    }

    @Override
    public Optional<Object> decoder() {
        return picture.decoder();
    }

    /// @throws BlankTileException if nothing is printed there
    @Override
    public Picture decode() {
        return printed(picture.decode());
    }

    /// @throws BlankTileException if nothing is printed there
    @Override
    public Picture decode(JpegDecoding decoding, int wantedWidth, int wantedHeight) {
        return printed(picture.decode(decoding, wantedWidth, wantedHeight));
    }

    private static Picture printed(Picture decoded) {
        if (isOneColour(decoded.pixels(), decoded.mode().channels())) {
            throw new BlankTileException();
        }
        return decoded;
    }

    /// Whether all pixels are as the first one: each byte is the one a pixel before it.
    private static boolean isOneColour(byte[] pixels, int pixelBytes) {
        return Arrays.equals(
                pixels, pixelBytes, pixels.length, pixels, 0, pixels.length - pixelBytes);
    }
}
