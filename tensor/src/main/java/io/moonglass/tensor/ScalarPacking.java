package io.moonglass.tensor;

import static io.moonglass.tensor.Exponential.ROUNDER;
import static io.moonglass.tensor.PanelMatrix.GROUP_BYTES;
import static io.moonglass.tensor.PanelMatrix.PANEL_ROWS;
import static io.moonglass.tensor.QuantizedRows.BLOCK_COLUMNS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// How weights are quantised, of [ScalarKernels].
final class ScalarPacking {

    private ScalarPacking() {}

    static void findScales(PanelBlock block) {
        block.checkFinite();
        for (int row = 0; row < PANEL_ROWS; row++) {
            float extreme = 0;
            for (int at = row; at < block.values.length; at += PANEL_ROWS) {
                if (Math.abs(block.values[at]) > Math.abs(extreme)) {
                    extreme = block.values[at];
                }
            }
            block.extremes[row] = extreme;
            if (block.type().hasMinima()) {
                findAffine(block, row);
            } else {
                block.scales[row] = bestScale(block, row);
            }
        }
    }

    /// The error that a scale leaves is the squares of the weights less what is called gain here.
    private static float bestScale(PanelBlock block, int row) {
        float bestGain = 0;
        float bestScale = 0;
        for (float wanted : block.candidates()) {
            float extreme = block.extremes[row];
            float inverse = extreme == 0 ? 0 : wanted / extreme;
            float product = 0;
            float square = 0;
            for (int at = row; at < block.values.length; at += PANEL_ROWS) {
                float value = block.values[at];
                float code = value * inverse + ROUNDER - ROUNDER;
                code = Math.min(Math.max(code, block.least()), block.most());
                product += value * code;
                square += code * code;
            }
            float scale = product / square;
            float gain = product * scale;
            if (gain > bestGain) {
                bestGain = gain;
                bestScale = scale;
            }
        }
        return bestScale;
    }

    /// For whole numbers, the best scale and minimum are those of the regression of the weights on them:
    /// the weights' variance is less by what is called gain here, but for a factor.
    private static void findAffine(PanelBlock block, int row) {
        float[] values = block.values;
        float least = values[row];
        float most = values[row];
        float total = 0;
        for (int at = row; at < values.length; at += PANEL_ROWS) {
            least = values[at] < least ? values[at] : least;
            most = values[at] > most ? values[at] : most;
            total += values[at];
        }
        float range = most - least;
        float middle = least + range * 0.5f;
        float mean = total * (1f / BLOCK_COLUMNS);
        float bestGain = 0;
        float bestScale = range * 0f; // no number where the range is too large for one
        float bestTotal = 0;
        for (int i = 0; i < block.candidates().length; i += 2) {
            float inverse = range == 0 ? 0 : block.candidates()[i] / range;
            float centre = block.candidates()[i + 1];
            float product = 0;
            float square = 0;
            float codes = 0;
            for (int at = row; at < values.length; at += PANEL_ROWS) {
                float code = (values[at] - middle) * inverse + centre + ROUNDER - ROUNDER;
                code = Math.min(Math.max(code, block.least()), block.most());
                product += (values[at] - mean) * code;
                square += code * code;
                codes += code;
            }
            float variance = BLOCK_COLUMNS * square - codes * codes; // exact, as its terms are
            float scale = variance == 0 ? 0 : product * BLOCK_COLUMNS / variance;
            float gain = product * scale;
            if (gain > bestGain) {
                bestGain = gain;
                bestScale = scale;
                bestTotal = codes;
            }
        }
        block.scales[row] = bestScale;
        block.means[row] = mean;
        block.meanCodes[row] = bestTotal * (1f / BLOCK_COLUMNS);
    }

    static void writeCodes(PanelBlock block, MemorySegment target, long offset) {
        PanelType type = block.type();
        int columns = BLOCK_COLUMNS / type.numGroups();
        for (int group = 0; group < type.numGroups(); group++) {
            for (int row = 0; row < PANEL_ROWS; row++) {
                for (int i = 0; i < Integer.BYTES; i++) {
                    int stored = code(block, row, columns * group + i);
                    if (columns > Integer.BYTES) {
                        stored |= code(block, row, columns * group + 4 + i) << 4;
                    }
                    target.set(
                            ValueLayout.JAVA_BYTE,
                            offset + (long) group * GROUP_BYTES + row * Integer.BYTES + i,
                            (byte) stored);
                }
            }
        }
    }

    private static int code(PanelBlock block, int row, int column) {
        float scale = block.scales[row];
        float value = block.values[column * PANEL_ROWS + row] - block.minima[row];
        int code = scale == 0 ? 0 : (int) Math.rint(value / scale);
        return Math.clamp(code, block.least(), block.most()) + block.type().offset();
    }
}
