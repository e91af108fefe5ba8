package io.moonglass.runtime.media;

import io.moonglass.vision.document.PixelRegion;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.Picture;
import java.lang.ref.SoftReference;
import java.util.Optional;

/// A part of a picture at its own resolution.
///
/// @param whole shared by all parts
record PictureTile(Whole whole, PixelRegion region) implements EncodedPicture {

    /// A picture that is decoded once for all of its parts, as long as there is memory for it.
    static final class Whole {
        private final EncodedPicture encoded;
        private SoftReference<Picture> decoded = new SoftReference<>(null);

        Whole(EncodedPicture encoded) {
            this.encoded = encoded;
        }

        EncodedPicture encoded() {
            return encoded;
        }

        synchronized Picture decode() {
            Picture picture = decoded.get();
            if (picture == null) {
                picture = encoded.decode();
                decoded = new SoftReference<>(picture);
            }
            return picture;
        }
    }

    @Override
    public int width() {
        return region.width();
    }

    @Override
    public int height() {
        return region.height();
    }

    @Override
    public Optional<Object> decoder() {
        return Optional.of(whole);
    }

    @Override
    public Picture decode() {
        Picture picture = whole.decode();
        int pixelBytes = picture.mode().channels();
        int rowBytes = region.width() * pixelBytes;
        byte[] pixels = new byte[rowBytes * region.height()];
        for (int y = 0; y < region.height(); y++) {
            int from = ((region.top() + y) * picture.width() + region.left()) * pixelBytes;
            System.arraycopy(picture.pixels(), from, pixels, y * rowBytes, rowBytes);
        }
        return new Picture(region.width(), region.height(), picture.mode(), pixels);
    }
}
