package io.moonglass.vision.document;

import io.moonglass.loader.fault.InvalidRequestException;

/// How many pixels a page becomes.
///
/// @param dpi pixels to the inch: what was wished for, or less
public record PagePixels(int width, int height, double dpi) {

    public static final double LEAST_DPI = 10;
    public static final double MOST_DPI = 1200;

    private static final double POINTS_PER_INCH = 72;

    /// `dpi = min(wish, 72 * sqrt(maxPixels / (widthPoints * heightPoints)))`, sides rounded down, each at least one.
    ///
    /// @param dpi       the wish, from [#LEAST_DPI] to [#MOST_DPI]
    /// @param maxPixels the most pixels of the page, at least 1
    /// @throws InvalidRequestException naming `dpi` if that is out of range
    public static PagePixels of(PageSize size, double dpi, long maxPixels) {
        // written so that NaN fails too
        if (!(dpi >= LEAST_DPI && dpi <= MOST_DPI)) {
            throw InvalidRequestException.invalidValue(
                    "dpi",
                    "dpi is %s; want a number from %.0f to %.0f"
                            .formatted(dpi, LEAST_DPI, MOST_DPI));
        }
        if (maxPixels < 1) {
            throw new IllegalArgumentException(
                    "page of at most %d pixels; want at least 1".formatted(maxPixels));
        }
        double area = size.widthPoints() * size.heightPoints();
        double within = Math.min(dpi, POINTS_PER_INCH * Math.sqrt(maxPixels / area));
        // a page narrower than a pixel is one pixel wide, and may then not be longer than the
        // budget
        int width = pixels(size.widthPoints(), within, maxPixels);
        int height = pixels(size.heightPoints(), within, maxPixels / width);
        return new PagePixels(width, height, within);
    }

    private static int pixels(double points, double dpi, long most) {
        double pixels = Math.floor(points / POINTS_PER_INCH * dpi);
        return (int) Math.clamp(pixels, 1, Math.clamp(most, 1, Integer.MAX_VALUE));
    }
}
