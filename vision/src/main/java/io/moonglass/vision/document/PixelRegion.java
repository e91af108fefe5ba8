package io.moonglass.vision.document;

/// A rectangle of pixels inside a page or picture of a known size.
///
/// @param left columns before it
/// @param top  rows before it
public record PixelRegion(int left, int top, int width, int height) {

    public PixelRegion {
        if (left < 0 || top < 0 || width <= 0 || height <= 0) {
            throw new IllegalArgumentException(
                    "region of %d x %d pixels at column %d, row %d; want sides above 0 and no negative place"
                            .formatted(width, height, left, top));
        }
    }

    public static PixelRegion whole(int width, int height) {
        return new PixelRegion(0, 0, width, height);
    }

    /// Whether it lies inside a picture of this size.
    boolean fits(int pictureWidth, int pictureHeight) {
        return (long) left + width <= pictureWidth && (long) top + height <= pictureHeight;
    }

    long numPixels() {
        return (long) width * height;
    }
}
