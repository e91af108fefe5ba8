package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class DurationHistogramTest {

    @Test
    void a_duration_is_in_the_first_bucket_that_is_no_shorter() {
        DurationHistogram histogram = new DurationHistogram();

        histogram.add(0);
        histogram.add(1_000_000);
        histogram.add(1_000_001);
        histogram.add(3_600_000_000_000L);

        DurationHistogram.Counts counts = histogram.counts();
        assertEquals(0.001, counts.bounds()[0]);
        assertEquals(2, counts.counts()[0]);
        assertEquals(1, counts.counts()[1]);
        assertEquals(Double.POSITIVE_INFINITY, counts.bounds()[counts.bounds().length - 1]);
        assertEquals(1, counts.counts()[counts.counts().length - 1]);
        assertEquals(4, Arrays.stream(counts.counts()).sum());
        assertEquals(3_600.002000001, counts.sumSeconds(), 1e-9);
    }

    @Test
    void bounds_grow() {
        double[] bounds = DurationHistogram.Counts.NONE.bounds();
        double[] sorted = bounds.clone();
        Arrays.sort(sorted);

        assertArrayEquals(sorted, bounds);
        assertEquals(bounds.length, Arrays.stream(bounds).distinct().count());
    }
}
