package io.moonglass.tensor;

import static io.moonglass.tensor.PanelMatrix.PANEL_ROWS;
import static io.moonglass.tensor.QuantizedRows.BLOCK_COLUMNS;

/// One block of a panel while it is quantised: scratch, used again for the next.
final class PanelBlock {

    /// The block's weights, column by column, 16 rows each.
    final float[] values = new float[BLOCK_COLUMNS * PANEL_ROWS];

    /// The weight farthest from 0 of each row.
    final float[] extremes = new float[PANEL_ROWS];

    /// What each row's whole numbers are multiplied with.
    final float[] scales = new float[PANEL_ROWS];

    private final PanelType type;
    private final float[] candidates;

    PanelBlock(PanelType type) {
        this.type = type;
        this.candidates =
                switch (type) {
                    case Q4 -> {
                        float[] numbers = new float[38];
                        for (int i = 0; i < numbers.length; i += 2) {
                            numbers[i] = -8 + (i / 2 - 9) * 0.1f;
                            numbers[i + 1] = 7 + (i / 2 - 9) * 0.1f;
                        }
                        yield numbers;
                    }
                    case Q8 -> {
                        float[] numbers = new float[9];
                        for (int i = 0; i < numbers.length; i++) {
                            numbers[i] = 127 + (i - 4) * 0.25f;
                        }
                        yield numbers;
                    }
                };
    }

    PanelType type() {
        return type;
    }

    /// What the extreme weight is made by the scales that are tried, in the order in which they are.
    float[] candidates() {
        return candidates;
    }

    int least() {
        return type == PanelType.Q4 ? -8 : -127;
    }

    int most() {
        return type == PanelType.Q4 ? 7 : 127;
    }

    /// @throws IllegalArgumentException if a weight is infinite or no number
    void checkFinite() {
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new IllegalArgumentException(
                        "a weight of " + value + "; want finite numbers");
            }
        }
    }
}
