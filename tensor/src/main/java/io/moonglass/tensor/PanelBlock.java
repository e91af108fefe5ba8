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

    /// What is added to each row's products; 0 where the type has no minima.
    final float[] minima = new float[PANEL_ROWS];

    /// The mean of each row's weights and that of their whole numbers, of types with minima: that the means
    /// agree gives the minimum for a scale.
    final float[] means = new float[PANEL_ROWS];

    final float[] meanCodes = new float[PANEL_ROWS];

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
                    case Q4A -> {
                        float[] pairs = new float[2 * 6 * 4];
                        for (int i = 0; i < pairs.length / 2; i++) {
                            pairs[2 * i] = 14 + i / 4 * 0.4f;
                            pairs[2 * i + 1] = 7.5f + (i % 4 - 1.5f) * 0.4f;
                        }
                        yield pairs;
                    }
                };
    }

    PanelType type() {
        return type;
    }

    /// What is tried, in this order: what the extreme weight becomes, as a number; in types with minima,
    /// pairs of how far apart the least and the largest weight become and what lies in their middle.
    float[] candidates() {
        return candidates;
    }

    int least() {
        return type.least();
    }

    int most() {
        return type.most();
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
