package io.moonglass.vision.image;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.InvalidRequestException;

/// What a picture may cost before it is decoded.
///
/// @param maxBytes  size of the encoded picture
/// @param maxPixels width times height as its header declares them
public record ImageLimits(int maxBytes, long maxPixels) {

    public static final ImageLimits DEFAULT = new ImageLimits(20 << 20, 64_000_000);

    /// Decoded pictures are arrays of up to four bytes per pixel.
    private static final long MOST_PIXELS = (Integer.MAX_VALUE - 8) / 4;

    public ImageLimits {
        if (maxBytes <= 0) {
            throw new ConfigException(
                    "largest image is %d bytes; want a number above 0".formatted(maxBytes));
        }
        if (maxPixels <= 0 || maxPixels > MOST_PIXELS) {
            throw new ConfigException(
                    "largest image is %d pixels; want a number from 1 to %d"
                            .formatted(maxPixels, MOST_PIXELS));
        }
    }

    void checkBytes(int numBytes) {
        if (numBytes > maxBytes) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                    null,
                    "image of %,d bytes, the limit is %,d; send a smaller one"
                            .formatted(numBytes, maxBytes));
        }
    }

    void checkSize(ImageFormat format, long width, long height) {
        if (width <= 0 || height <= 0) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.INVALID_IMAGE,
                    null,
                    "%s image declares %d x %d pixels; want sides above 0"
                            .formatted(format, width, height));
        }
        // a division, because the product of two sides near 2^32 would wrap
        if (width > maxPixels / height) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                    null,
                    "%s image declares %d x %d pixels, the limit is %,d in all; send a smaller one"
                            .formatted(format, width, height, maxPixels));
        }
    }
}
