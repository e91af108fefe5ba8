package io.moonglass.runtime.media;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.tensor.MachineMemory;
import io.moonglass.vision.VisionBackend;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.JpegDecoding;
import io.moonglass.vision.image.PictureStyle;

/// What pictures may cost.
///
/// @param limits          the largest pictures that are taken in
/// @param maxImages       the most pictures of one request
/// @param backend         what they are encoded with
/// @param cacheBytes      the most bytes of encoded pictures that are kept for requests that show them
///                        again; 0 for none
/// @param maxPixelsInWork the most pixels of all requests that are decoded or wait for the encoder at a
///                        time; a larger picture passes alone
/// @param pictureStyle    how transparency, palettes and Exif's orientation are shown
/// @param jpegDecoding    whether large JPEGs may be decoded at a part of their size
public record MediaOptions(
        ImageLimits limits,
        int maxImages,
        VisionBackend backend,
        long cacheBytes,
        long maxPixelsInWork,
        PictureStyle pictureStyle,
        JpegDecoding jpegDecoding) {

    private static final long MOST_DEFAULT_CACHE_BYTES = 512L << 20;

    /// The cache is 512 MiB, or an eighth of a small machine's memory.
    public static final MediaOptions DEFAULT =
            new MediaOptions(
                    ImageLimits.DEFAULT,
                    128,
                    VisionBackend.NATIVE,
                    Math.min(MOST_DEFAULT_CACHE_BYTES, MachineMemory.bytes() / 8),
                    32_000_000,
                    PictureStyle.UPRIGHT,
                    JpegDecoding.EXACT);

    public MediaOptions {
        if (maxImages < 0 || cacheBytes < 0 || maxPixelsInWork < 1) {
            throw new ConfigException(
                    "%d images a request, encoder cache of %d bytes, %d pixels in work; want at least 0, 0 and 1"
                            .formatted(maxImages, cacheBytes, maxPixelsInWork));
        }
    }

    public MediaOptions withLimits(ImageLimits value) {
        return new MediaOptions(
                value, maxImages, backend, cacheBytes, maxPixelsInWork, pictureStyle, jpegDecoding);
    }

    public MediaOptions withMaxImages(int value) {
        return new MediaOptions(
                limits, value, backend, cacheBytes, maxPixelsInWork, pictureStyle, jpegDecoding);
    }

    public MediaOptions withBackend(VisionBackend value) {
        return new MediaOptions(
                limits, maxImages, value, cacheBytes, maxPixelsInWork, pictureStyle, jpegDecoding);
    }

    public MediaOptions withCacheBytes(long value) {
        return new MediaOptions(
                limits, maxImages, backend, value, maxPixelsInWork, pictureStyle, jpegDecoding);
    }

    public MediaOptions withMaxPixelsInWork(long value) {
        return new MediaOptions(
                limits, maxImages, backend, cacheBytes, value, pictureStyle, jpegDecoding);
    }

    public MediaOptions withPictureStyle(PictureStyle value) {
        return new MediaOptions(
                limits, maxImages, backend, cacheBytes, maxPixelsInWork, value, jpegDecoding);
    }

    public MediaOptions withJpegDecoding(JpegDecoding value) {
        return new MediaOptions(
                limits, maxImages, backend, cacheBytes, maxPixelsInWork, pictureStyle, value);
    }
}
