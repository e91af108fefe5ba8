package io.moonglass.vision.image;

/// How JPEGs are decoded that will be shrunk.
public enum JpegDecoding {

    /// Every pixel, then the filter: bit for bit as the released processor.
    EXACT,

    /// At a half, a quarter or an eighth of the size, from fewer coefficients, where at least twice the wanted
    /// size is left in both directions; then the filter. Several times as fast for large photographs, and close
    /// but not equal: over a fitted picture, bytes differ by less than 1 on average, and 99.9 % of them by no
    /// more than 16 of 255.
    REDUCED
}
