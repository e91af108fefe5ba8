package io.moonglass.vision;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moonglass.loader.config.VisionConfig;
import org.junit.jupiter.api.Test;

class RotaryTableTest {

    @Test
    void pairs_turn_by_column_and_row_in_turn_and_ever_more_slowly() {
        VisionConfig vision = new VisionConfig(8, 16, 1, 1, 14, 4, 4, 2);
        RotaryTable table = RotaryTable.of(vision, 4, 6);

        int patch = 2 * 6 + 5; // row 2, column 5
        double[] angles = {5, 2, 5 * 0.01, 2 * 0.01}; // 10000^(-4/8) = 0.01
        for (int j = 0; j < angles.length; j++) {
            assertEquals((float) Math.cos(angles[j]), table.cos()[patch * 4 + j], 1e-7f);
            assertEquals((float) Math.sin(angles[j]), table.sin()[patch * 4 + j], 1e-7f);
        }
        assertEquals(4 * 6 * 4, table.cos().length);
    }
}
