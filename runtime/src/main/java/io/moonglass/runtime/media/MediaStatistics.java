package io.moonglass.runtime.media;

import io.moonglass.runtime.fetch.FetchStatistics;
import io.moonglass.vision.worker.WorkerStatistics;

/// What became of media since the model was loaded, and how the encoder stands. Counts only grow.
///
/// @param decodedPictures  pictures, pages and frames whose pixels were decoded
/// @param decodeSeconds    that took, of all threads together
/// @param fitSeconds       that shrinking, padding and cutting them into patches took
/// @param encodedPictures  pictures that went through the encoder
/// @param encodedPixels    their pixels, as fitted
/// @param encodeSeconds    that took, with the turns of others
/// @param cacheQueries     pictures that were looked up in the encoder cache
/// @param cacheHits        of these, the ones that were there or on their way
/// @param cacheBytes       rows that are kept now
/// @param cancelledDecoding  pictures whose request was given up while their pixels were decoded or waited
/// @param cancelledEncoding  the same while they were encoded or waited for it
/// @param pixelsPerSecond  as measured lately; 0 before the first
/// @param pending          media and pictures of requests that are not encoded yet, wherever they are on their way
/// @param fetches          what was fetched from other hosts
/// @param workers          the processes that decode videos and documents
public record MediaStatistics(
        long decodedPictures,
        double decodeSeconds,
        double fitSeconds,
        long encodedPictures,
        long encodedPixels,
        double encodeSeconds,
        long cacheQueries,
        long cacheHits,
        long cacheBytes,
        long cancelledDecoding,
        long cancelledEncoding,
        double pixelsPerSecond,
        int pending,
        FetchStatistics fetches,
        WorkerStatistics workers) {

    /// Of a model without pictures.
    public static final MediaStatistics NONE =
            new MediaStatistics(
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    new FetchStatistics(0, 0, 0, 0, 0, 0),
                    new WorkerStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0));
}
