package io.moonglass.runtime.media;

import io.moonglass.vision.image.ImageLimits;

/// What a [MediaIntake] may use.
///
/// @param limits          the largest pictures that are taken in
/// @param numThreads      pictures that are decoded and fitted at the same time
/// @param cacheBytes      the most bytes of rows that are kept for pictures that come again
/// @param maxPixelsInWork the most pixels that are decoded or wait for the encoder; a single picture may
///                        have more
public record MediaOptions(
        ImageLimits limits, int numThreads, long cacheBytes, long maxPixelsInWork) {}
