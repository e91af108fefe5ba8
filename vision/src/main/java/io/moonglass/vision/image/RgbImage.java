package io.moonglass.vision.image;

/// Pixels ready to be cut into patches. The array is not copied and must not be changed.
///
/// @param rgb `[height, width, 3]`, one byte per channel
public record RgbImage(int width, int height, byte[] rgb) {

    public RgbImage {
        if (width <= 0 || height <= 0 || rgb.length != (long) width * height * 3) {
            throw new IllegalArgumentException(
                    "RGB image of %d x %d wants %d bytes, got %d"
                            .formatted(width, height, (long) width * height * 3, rgb.length));
        }
    }
}
