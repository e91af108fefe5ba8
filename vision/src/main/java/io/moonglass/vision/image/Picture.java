package io.moonglass.vision.image;

/// A decoded picture in the colours it was stored in. The array is not copied and must not be changed.
///
/// Upstream resizes a picture in its stored mode and drops alpha afterwards, so what the mode was
/// still matters when the picture is shrunk.
///
/// @param mode   what the pixels are, and so how they are resized
/// @param pixels `[height, width, mode.channels()]`, one byte per channel, red first
/// @param extent how much of the grid of pixels the picture covers
public record Picture(int width, int height, Mode mode, byte[] pixels, Extent extent) {

    /// In pixels. Where a picture was decoded at a part of its size, the column and row at one end may stand for
    /// less than a whole pixel, so this may leave up to a pixel free there.
    public record Extent(double left, double top, double width, double height) {}

    /// How a picture was stored.
    public enum Mode {
        /// Colours or greys without transparency.
        RGB(3),
        /// With transparency: resized with premultiplied alpha.
        RGBA(4),
        /// Through a palette, or in one bit: resized by picking the nearest pixel. The pixels here
        /// are the palette's colours.
        INDEXED(3);

        private final int channels;

        Mode(int channels) {
            this.channels = channels;
        }

        public int channels() {
            return channels;
        }
    }

    /// A picture that fills its pixels.
    public Picture(int width, int height, Mode mode, byte[] pixels) {
        this(width, height, mode, pixels, new Extent(0, 0, width, height));
    }

    public Picture {
        long wanted = (long) width * height * mode.channels();
        if (width <= 0 || height <= 0 || pixels.length != wanted) {
            throw new IllegalArgumentException(
                    "picture of %d x %d in %s wants %d bytes, got %d"
                            .formatted(width, height, mode, wanted, pixels.length));
        }
    }

    /// The colours, alpha dropped.
    public RgbImage toRgb() {
        if (mode != Mode.RGBA) {
            return new RgbImage(width, height, pixels);
        }
        byte[] rgb = new byte[width * height * 3];
        for (int from = 0, to = 0; from < pixels.length; from += 4, to += 3) {
            rgb[to] = pixels[from];
            rgb[to + 1] = pixels[from + 1];
            rgb[to + 2] = pixels[from + 2];
        }
        return new RgbImage(width, height, rgb);
    }
}
