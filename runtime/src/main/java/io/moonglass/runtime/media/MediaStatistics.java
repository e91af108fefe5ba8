package io.moonglass.runtime.media;

/// What became of pictures since the model was loaded, and how the encoder stands. Counts only grow.
///
/// @param encodedPictures  pictures that went through the encoder
/// @param encodedPixels    their pixels, as fitted
/// @param cacheQueries     pictures that were looked up in the encoder cache
/// @param cacheHits        of these, the ones that were there or on their way
/// @param cacheBytes       rows that are kept now
/// @param cancelledDecoding  pictures whose request was given up while their pixels were decoded or waited
/// @param cancelledEncoding  the same while they were encoded or waited for it
/// @param pixelsPerSecond  as measured lately; 0 before the first
public record MediaStatistics(
        long encodedPictures,
        long encodedPixels,
        long cacheQueries,
        long cacheHits,
        long cacheBytes,
        long cancelledDecoding,
        long cancelledEncoding,
        double pixelsPerSecond) {

    /// Of a model without pictures.
    public static final MediaStatistics NONE = new MediaStatistics(0, 0, 0, 0, 0, 0, 0, 0);
}
