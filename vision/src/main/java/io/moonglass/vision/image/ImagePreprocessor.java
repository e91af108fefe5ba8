package io.moonglass.vision.image;

import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.ImagePatches;
import java.util.OptionalLong;

/// Turns a picture into MoonViT's patches, bit for bit as the released processor does: shrink to the
/// patch limit, pad (or crop) to whole cells, scale and normalise, cut into patches. Safe to use from
/// any thread.
public final class ImagePreprocessor {

    private final PreprocessorConfig config;

    /// `(byte / 255 - mean) / std` per channel and byte, in single precision.
    private final float[][] normalised = new float[3][256];

    public ImagePreprocessor(PreprocessorConfig config) {
        this.config = config;
        for (int channel = 0; channel < 3; channel++) {
            float mean = (float) config.imageMean()[channel];
            float std = (float) config.imageStd()[channel];
            for (int value = 0; value < 256; value++) {
                normalised[channel][value] = (value / 255f - mean) / std;
            }
        }
    }

    /// What one token shows.
    public long pixelsPerToken() {
        long side = (long) config.mergeSize() * config.patchSize();
        return side * side;
    }

    /// The size a picture gets, from its own size alone: all that counting its tokens needs.
    ///
    /// @throws InvalidRequestException if no picture of this size can be encoded
    public FittedSize fittedSize(int width, int height) {
        return fittedSize(width, height, OptionalLong.empty());
    }

    /// The same where a caller wants no more than so many pixels: they make a patch limit that holds as the
    /// model's own does, if it is the smaller one.
    ///
    /// @param maxPixels at least those of one cell of 2 x 2 patches
    /// @throws InvalidRequestException if no picture of this size can be encoded
    public FittedSize fittedSize(int width, int height, OptionalLong maxPixels) {
        int patchSize = config.patchSize();
        int patchLimit = patchLimit(maxPixels);
        int shrunkWidth = width;
        int shrunkHeight = height;
        long numPatches = (long) (width / patchSize) * (height / patchSize);
        if (numPatches > patchLimit) {
            double scale = Math.sqrt((double) patchLimit / numPatches);
            shrunkWidth = (int) (width * scale);
            shrunkHeight = (int) (height * scale);
        }
        if (shrunkWidth <= 0 || shrunkHeight <= 0) {
            throw tooLarge(width, height, "would shrink to nothing");
        }
        return config.padInput()
                ? padded(width, height, shrunkWidth, shrunkHeight)
                : cropped(width, height, shrunkWidth, shrunkHeight);
    }

    private int patchLimit(OptionalLong maxPixels) {
        long pixelsPerPatch = (long) config.patchSize() * config.patchSize();
        long least = (long) config.mergeSize() * config.mergeSize();
        if (maxPixels.isEmpty()) {
            return config.inTokenLimit();
        }
        if (maxPixels.getAsLong() < least * pixelsPerPatch) {
            throw InvalidRequestException.invalidValue(
                    "max_pixels",
                    "max_pixels is %d; want at least %d, what one token shows"
                            .formatted(maxPixels.getAsLong(), least * pixelsPerPatch));
        }
        return (int) Math.min(config.inTokenLimit(), maxPixels.getAsLong() / pixelsPerPatch);
    }

    /// Both steps: [#fit] and [#patchify].
    ///
    /// @throws InvalidRequestException if the picture's size cannot be encoded
    public ImagePatches preprocess(Picture picture) {
        return patchify(fit(picture));
    }

    /// The same to a size that is known already.
    ///
    /// @param size of this picture's size, by [#fittedSize(int, int, OptionalLong)]
    public ImagePatches preprocess(Picture picture, FittedSize size) {
        return patchify(fit(picture, size));
    }

    /// Shrinks where needed, then pads with black on the right and bottom (or crops the middle).
    ///
    /// @throws InvalidRequestException if the picture's size cannot be encoded
    public RgbImage fit(Picture picture) {
        return fit(picture, fittedSize(picture.width(), picture.height()));
    }

    static RgbImage fit(Picture picture, FittedSize size) {
        RgbImage shrunk = PictureResizer.resize(picture, size.shrunkWidth(), size.shrunkHeight());
        if (shrunk.width() == size.width() && shrunk.height() == size.height()) {
            return shrunk;
        }
        int left = cropOffset(shrunk.width(), size.width());
        int top = cropOffset(shrunk.height(), size.height());
        int copied = Math.min(shrunk.width(), size.width()) * 3;
        byte[] rgb = new byte[size.width() * size.height() * 3];
        for (int y = 0; y < Math.min(shrunk.height(), size.height()); y++) {
            int from = ((top + y) * shrunk.width() + left) * 3;
            System.arraycopy(shrunk.rgb(), from, rgb, y * size.width() * 3, copied);
        }
        return new RgbImage(size.width(), size.height(), rgb);
    }

    /// Cuts a fitted image into patches, row by row over the grid; in a patch channel, row, column.
    ///
    /// @param image as [#fit] returns it: sides are multiples of two patches
    public ImagePatches patchify(RgbImage image) {
        int patchSize = config.patchSize();
        int gridHeight = image.height() / patchSize;
        int gridWidth = image.width() / patchSize;
        if (gridHeight * patchSize != image.height() || gridWidth * patchSize != image.width()) {
            throw new IllegalArgumentException(
                    "image of %d x %d is no whole grid of patches of %d pixels"
                            .formatted(image.width(), image.height(), patchSize));
        }
        float[] patches = new float[image.rgb().length];
        int to = 0;
        for (int row = 0; row < gridHeight; row++) {
            for (int column = 0; column < gridWidth; column++) {
                int corner = (row * image.width() + column) * patchSize * 3;
                for (int channel = 0; channel < 3; channel++) {
                    for (int y = 0; y < patchSize; y++) {
                        int from = corner + y * image.width() * 3 + channel;
                        for (int x = 0; x < patchSize; x++) {
                            int value = image.rgb()[from + 3 * x] & 0xff;
                            patches[to++] = normalised[channel][value];
                        }
                    }
                }
            }
        }
        return new ImagePatches(patches, gridHeight, gridWidth);
    }

    private FittedSize padded(int width, int height, int shrunkWidth, int shrunkHeight) {
        int cell = config.mergeSize() * config.patchSize();
        long paddedWidth = Math.ceilDiv((long) shrunkWidth, cell) * cell;
        long paddedHeight = Math.ceilDiv((long) shrunkHeight, cell) * cell;
        return onGrid(width, height, shrunkWidth, shrunkHeight, paddedWidth, paddedHeight);
    }

    private FittedSize cropped(int width, int height, int shrunkWidth, int shrunkHeight) {
        int patchSize = config.patchSize();
        int gridWidth = shrunkWidth / patchSize;
        int gridHeight = shrunkHeight / patchSize;
        int mergeSize = config.mergeSize();
        boolean whole = gridWidth % mergeSize == 0 && gridHeight % mergeSize == 0;
        if (!whole || gridWidth == 0 || gridHeight == 0) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                    null,
                    "picture of %d x %d pixels makes a grid of %d x %d patches; this model crops (pad_input is false) and wants even numbers above 0; send sides that are multiples of %d"
                            .formatted(
                                    width, height, gridWidth, gridHeight, mergeSize * patchSize));
        }
        return onGrid(
                width,
                height,
                shrunkWidth,
                shrunkHeight,
                (long) gridWidth * patchSize,
                (long) gridHeight * patchSize);
    }

    private FittedSize onGrid(
            int width,
            int height,
            int shrunkWidth,
            int shrunkHeight,
            long fittedWidth,
            long fittedHeight) {
        long gridWidth = fittedWidth / config.patchSize();
        long gridHeight = fittedHeight / config.patchSize();
        int limit = PreprocessorConfig.MAX_PATCHES_PER_SIDE;
        if (gridWidth >= limit || gridHeight >= limit) {
            throw tooLarge(
                    width,
                    height,
                    "makes a grid of %d x %d patches, and a side must stay below %d"
                            .formatted(gridWidth, gridHeight, limit));
        }
        return new FittedSize(
                shrunkWidth,
                shrunkHeight,
                (int) fittedWidth,
                (int) fittedHeight,
                (int) gridHeight,
                (int) gridWidth);
    }

    /// Half of what is cut off, rounded half to even; nothing where the side grew.
    private static int cropOffset(int size, int fittedSize) {
        return (int) Math.rint(Math.max(size - fittedSize, 0) / 2.0);
    }

    private static InvalidRequestException tooLarge(int width, int height, String why) {
        return new InvalidRequestException(
                InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                null,
                "picture of %d x %d pixels %s; send one that is less elongated"
                        .formatted(width, height, why));
    }
}
