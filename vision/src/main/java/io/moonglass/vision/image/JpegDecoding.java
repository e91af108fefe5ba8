package io.moonglass.vision.image;

/// How JPEGs are decoded that will be shrunk.
public enum JpegDecoding {

    /// Every pixel, then the filter: bit for bit as the released processor.
    EXACT,

    /// At a half, a quarter or an eighth of the size, from fewer coefficients, where at least 1.75 times the wanted
    /// size is left in both directions; then the filter. Faster for large photographs, and close but not equal: over
    /// a fitted picture, bytes (0 to 255) differ by less than 2.5 on average, and 99.9 % of them by no more than 20.
    /// Photographs stay below a half on average and 99.9 % within 2; small print on white is where most is lost.
    REDUCED
}
