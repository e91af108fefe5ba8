package io.moonglass.vision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AxisWeightsTest {

    @Test
    void a_grid_as_large_as_the_table_takes_it_as_it_is() {
        assertArrayEquals(new float[] {1, 0, 0, 0, 1, 0, 0, 0, 1}, AxisWeights.of(3, 3));
    }

    @Test
    void halfway_between_entries_the_four_nearest_count() {
        // twice as coarse: the first output lies halfway between entries 0 and 1
        float[] first = {-0.09375f + 0.59375f, 0.59375f, -0.09375f, 0};
        float[] second = {0, -0.09375f, 0.59375f, 0.59375f - 0.09375f};
        float[] weights = AxisWeights.of(4, 2);

        assertArrayEquals(first, Arrays.copyOf(weights, 4), 1e-7f);
        assertArrayEquals(second, Arrays.copyOfRange(weights, 4, 8), 1e-7f);
    }

    @ParameterizedTest
    @CsvSource({"64, 86", "64, 7", "8, 511", "1, 5"})
    void every_row_sums_to_one(int tableSize, int outputSize) {
        float[] weights = AxisWeights.of(tableSize, outputSize);
        for (int i = 0; i < outputSize; i++) {
            double sum = 0;
            for (int j = 0; j < tableSize; j++) {
                sum += weights[i * tableSize + j];
            }
            assertEquals(1, sum, 1e-6);
        }
    }
}
