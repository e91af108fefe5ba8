package io.moonglass.engine;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;

/// Counts durations by their length. Safe to use from any thread.
public final class DurationHistogram {

    /// Seconds, from a millisecond to ten minutes; closest where a token usually takes as long.
    private static final double[] BOUNDS = {
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10,
        30, 60, 600
    };

    private final LongAdder[] counts = new LongAdder[BOUNDS.length + 1];
    private final LongAdder nanos = new LongAdder();

    /// How many there were of each length.
    ///
    /// @param bounds     the longest of each, in seconds; the last is infinite
    /// @param counts     of those that are longer than the bound before
    /// @param sumSeconds of all of them
    public record Counts(double[] bounds, long[] counts, double sumSeconds) {

        /// Of nothing.
        public static final Counts NONE = new DurationHistogram().counts();
    }

    public DurationHistogram() {
        Arrays.setAll(counts, _ -> new LongAdder());
    }

    /// One more of this length.
    public void add(long durationNanos) {
        double seconds = durationNanos / 1e9;
        int bucket = 0;
        while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]) {
            bucket++;
        }
        counts[bucket].increment();
        nanos.add(durationNanos);
    }

    public Counts counts() {
        double[] bounds = Arrays.copyOf(BOUNDS, counts.length);
        bounds[BOUNDS.length] = Double.POSITIVE_INFINITY;
        return new Counts(
                bounds,
                Arrays.stream(counts).mapToLong(LongAdder::sum).toArray(),
                nanos.sum() / 1e9);
    }
}
