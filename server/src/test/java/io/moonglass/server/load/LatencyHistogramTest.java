package io.moonglass.server.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {

    private static final double HALF_A_PERCENT = 0.005;

    private final LatencyHistogram histogram = new LatencyHistogram();

    @Test
    void percentiles_are_nearest_ranks_within_half_a_percent() {
        for (int i = 1000; i >= 1; i--) {
            histogram.add(i / 1000.0);
        }

        Percentiles times = histogram.percentiles();

        assertEquals(1000, times.count());
        assertEquals(0.5, times.p50(), 0.5 * HALF_A_PERCENT);
        assertEquals(0.9, times.p90(), 0.9 * HALF_A_PERCENT);
        assertEquals(0.99, times.p99(), 0.99 * HALF_A_PERCENT);
        assertEquals(1.0, times.max());
    }

    @Test
    void a_single_time_is_every_percentile_exactly() {
        histogram.add(0.1234);

        assertEquals(new Percentiles(1, 0.1234, 0.1234, 0.1234, 0.1234), histogram.percentiles());
    }

    @Test
    void of_two_times_the_median_is_the_shorter_and_the_rest_the_longer() {
        histogram.add(8);
        histogram.add(2);

        Percentiles times = histogram.percentiles();

        assertEquals(2, times.p50(), 2 * HALF_A_PERCENT);
        assertEquals(8, times.p90(), 8 * HALF_A_PERCENT);
        assertEquals(8, times.p99(), 8 * HALF_A_PERCENT);
    }

    @Test
    void nothing_and_ages_are_counted_too() {
        histogram.add(0);
        histogram.add(1e9);

        assertEquals(1e9, histogram.percentiles().max());
        assertEquals(0, histogram.percentiles().p50(), 1e-5);
        assertEquals(OptionalDouble.of(5e8), histogram.mean());
    }

    @Test
    void without_times_there_are_no_percentiles() {
        assertNull(histogram.percentiles());
        assertEquals(OptionalDouble.empty(), histogram.mean());
    }

    @Test
    void histograms_add_up() {
        LatencyHistogram other = new LatencyHistogram();
        histogram.add(1);
        other.add(4);
        other.add(4);

        histogram.addAll(other);

        assertEquals(new Percentiles(3, 4, 4, 4, 4).max(), histogram.percentiles().max());
        assertEquals(4, histogram.percentiles().p50(), 4 * HALF_A_PERCENT);
        assertEquals(OptionalDouble.of(3), histogram.mean());
    }
}
