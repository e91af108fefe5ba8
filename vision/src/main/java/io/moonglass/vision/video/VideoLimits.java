package io.moonglass.vision.video;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.InvalidRequestException;

/// What a video may cost before it is decoded.
///
/// @param maxPixels  width times height of a frame, as it is coded and as it is shown
/// @param maxSeconds length
public record VideoLimits(long maxPixels, double maxSeconds) {

    /// Frames up to 4096 x 2304, three hours.
    public static final VideoLimits DEFAULT = new VideoLimits(4096L * 2304, 3 * 3600);

    /// Decoded frames are arrays of three bytes per pixel.
    private static final long MOST_PIXELS = (Integer.MAX_VALUE - 8) / 3;

    public VideoLimits {
        if (maxPixels <= 0 || maxPixels > MOST_PIXELS) {
            throw new ConfigException(
                    "largest frame of a video is %d pixels; want a number from 1 to %d"
                            .formatted(maxPixels, MOST_PIXELS));
        }
        if (!(maxSeconds > 0 && Double.isFinite(maxSeconds))) {
            throw new ConfigException(
                    "longest video is %s seconds; want a number above 0".formatted(maxSeconds));
        }
    }

    void checkSize(long width, long height) {
        // a division, because the product might wrap
        if (width > maxPixels / height) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                    null,
                    "video with frames of %d x %d pixels, the limit is %,d in all; send a smaller one"
                            .formatted(width, height, maxPixels));
        }
    }

    void checkSeconds(double seconds) {
        if (seconds > maxSeconds) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                    null,
                    "video of %,.0f s, the limit is %,.0f s; send a shorter one"
                            .formatted(seconds, maxSeconds));
        }
    }
}
