package io.moonglass.vision.document;

import io.moonglass.loader.fault.ConfigException;

/// What a document may cost.
///
/// @param maxBytes  size of the file
/// @param maxPages  the most pages; a document with more is refused, also if only some of them are wanted
/// @param maxPixels of one rendered picture, and of one picture inside a page
public record DocumentLimits(long maxBytes, int maxPages, long maxPixels) {

    public static final DocumentLimits DEFAULT = new DocumentLimits(100L << 20, 10_000, 64_000_000);

    /// A rendered page is an array of three bytes per pixel, and one of four while it is drawn.
    private static final long MOST_PIXELS = (Integer.MAX_VALUE - 8) / 4;

    public DocumentLimits {
        if (maxBytes <= 0 || maxPages <= 0) {
            throw new ConfigException(
                    "largest document is %d bytes and %d pages; want numbers above 0"
                            .formatted(maxBytes, maxPages));
        }
        if (maxPixels <= 0 || maxPixels > MOST_PIXELS) {
            throw new ConfigException(
                    "largest page is %d pixels; want a number from 1 to %d"
                            .formatted(maxPixels, MOST_PIXELS));
        }
    }
}
