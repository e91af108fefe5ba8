package io.moonglass.runtime.media;

import java.util.concurrent.atomic.LongAdder;

/// Counts what [MediaStatistics] tells. Any thread.
final class MediaCounters {

    /// What the past counts for when a picture is added to the measured rate.
    private static final double DECAY = 0.8;

    final LongAdder decodedPictures = new LongAdder();
    final LongAdder decodeNanos = new LongAdder();
    final LongAdder fitNanos = new LongAdder();
    final LongAdder encodeNanos = new LongAdder();
    final LongAdder encodedPictures = new LongAdder();
    final LongAdder encodedPixels = new LongAdder();
    final LongAdder cacheQueries = new LongAdder();
    final LongAdder cacheHits = new LongAdder();
    final LongAdder cancelledDecoding = new LongAdder();
    final LongAdder cancelledEncoding = new LongAdder();
    private double recentPixels;
    private double recentSeconds;

    /// One more picture is encoded. The rate is of sums, not a mean of rates, so that a small picture
    /// counts little.
    ///
    /// @param nanos from its beginning to its end, with the turns of others
    synchronized void encoded(long numPixels, long nanos) {
        encodedPictures.increment();
        encodedPixels.add(numPixels);
        encodeNanos.add(nanos);
        recentPixels = DECAY * recentPixels + numPixels;
        recentSeconds = DECAY * recentSeconds + nanos * 1e-9;
    }

    synchronized double pixelsPerSecond() {
        return recentSeconds > 0 ? recentPixels / recentSeconds : 0;
    }
}
