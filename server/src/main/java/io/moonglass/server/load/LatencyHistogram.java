package io.moonglass.server.load;

import java.util.OptionalDouble;

/// Times in seconds, counted in buckets half a percent wide, so that its size does not grow with a long run. Smallest,
/// largest and mean are exact.
final class LatencyHistogram {

    private static final double SHORTEST = 1e-6;
    private static final double LONGEST = 1e6;
    private static final double LOG_WIDTH = Math.log(1.005);
    private static final int NUM_BUCKETS = 1 + bucketOf(LONGEST);

    private final long[] counts = new long[NUM_BUCKETS];
    private long numTimes;
    private double sum;
    private double min = Double.POSITIVE_INFINITY;
    private double max;

    /// @param seconds from 0 up
    void add(double seconds) {
        counts[bucketOf(seconds)]++;
        numTimes++;
        sum += seconds;
        min = Math.min(min, seconds);
        max = Math.max(max, seconds);
    }

    void addAll(LatencyHistogram other) {
        for (int i = 0; i < NUM_BUCKETS; i++) {
            counts[i] += other.counts[i];
        }
        numTimes += other.numTimes;
        sum += other.sum;
        min = Math.min(min, other.min);
        max = Math.max(max, other.max);
    }

    OptionalDouble mean() {
        return numTimes == 0 ? OptionalDouble.empty() : OptionalDouble.of(sum / numTimes);
    }

    /// Null if there are no times.
    Percentiles percentiles() {
        return numTimes == 0
                ? null
                : new Percentiles(numTimes, percentile(50), percentile(90), percentile(99), max);
    }

    /// The shortest time that so many percent of all times do not exceed (nearest rank).
    private double percentile(int percent) {
        long rank = (numTimes * percent + 99) / 100;
        long numBelow = 0;
        for (int i = 0; i < NUM_BUCKETS; i++) {
            numBelow += counts[i];
            if (numBelow >= rank) {
                double middle = SHORTEST * Math.exp((i + 0.5) * LOG_WIDTH);
                return Math.clamp(middle, min, max);
            }
        }
        throw new IllegalStateException("buckets hold fewer than the %d times".formatted(numTimes));
    }

    private static int bucketOf(double seconds) {
        return (int) (Math.log(Math.clamp(seconds, SHORTEST, LONGEST) / SHORTEST) / LOG_WIDTH);
    }
}
