package io.moonglass.tensor;

import static io.moonglass.tensor.Exponential.ROUNDER;
import static io.moonglass.tensor.PanelMatrix.GROUP_BYTES;
import static io.moonglass.tensor.PanelMatrix.PANEL_ROWS;
import static io.moonglass.tensor.QuantizedRows.BLOCK_COLUMNS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Quantises weights into panels. Each block of 32 weights of a row gets the scale that makes the
/// squared error small: several scales around the obvious one are tried, each improved to the best one
/// for the whole numbers that it gives.
///
/// One thread uses an instance; several may pack different panels of one matrix.
public final class PanelPacker {

    static final ValueLayout.OfShort FLOAT16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final float[] values = new float[BLOCK_COLUMNS * PANEL_ROWS];
    private final float[] extremes = new float[PANEL_ROWS];
    private final float[] inverses = new float[PANEL_ROWS];
    private final float[] products = new float[PANEL_ROWS];
    private final float[] squares = new float[PANEL_ROWS];
    private final float[] bestGains = new float[PANEL_ROWS];
    private final float[] bestScales = new float[PANEL_ROWS];
    private final byte[] codes = new byte[BLOCK_COLUMNS * PANEL_ROWS];

    /// A whole matrix in new memory; for what is small.
    public static PanelMatrix pack(Arena arena, WeightMatrix source, PanelType type) {
        long bytes = PanelMatrix.bytes(type, source.numRows(), source.numColumns());
        PanelMatrix packed =
                new PanelMatrix(
                        arena.allocate(bytes, FloatMatrix.ALIGNMENT),
                        type,
                        source.numRows(),
                        source.numColumns());
        PanelPacker packer = new PanelPacker();
        for (int panel = 0; panel < packed.numPanels(); panel++) {
            packer.packPanel(source, packed, panel);
        }
        return packed;
    }

    /// Writes one panel.
    ///
    /// @param source of the shape of `target`
    /// @throws IllegalArgumentException if a weight is no finite number, or too large for the scale
    public void packPanel(WeightMatrix source, PanelMatrix target, int panel) {
        PanelType type = target.type();
        for (int b = 0; b < target.numBlocks(); b++) {
            read(source, panel * PANEL_ROWS, b * BLOCK_COLUMNS);
            findScales(type);
            long scales = target.scaleOffset(panel, b);
            for (int row = 0; row < PANEL_ROWS; row++) {
                short scale = Float.floatToFloat16(bestScales[row]);
                if (!Float.isFinite(Float.float16ToFloat(scale))) {
                    throw new IllegalArgumentException(
                            "row %d, columns from %d: a weight of %s; want at most %s"
                                    .formatted(
                                            panel * PANEL_ROWS + row,
                                            b * BLOCK_COLUMNS,
                                            extremes[row],
                                            65504f * type.offset()));
                }
                target.data().set(FLOAT16, scales, scale);
                scales += Short.BYTES;
                round(type, row, Float.float16ToFloat(scale));
            }
            write(type, target.data(), target.blockOffset(panel, b));
        }
    }

    /// The block's weights, column by column, 16 rows each.
    private void read(WeightMatrix source, int firstRow, int firstColumn) {
        int numColumns = Math.min(BLOCK_COLUMNS, source.numColumns() - firstColumn);
        int numRows = Math.min(PANEL_ROWS, source.numRows() - firstRow);
        if (numColumns < BLOCK_COLUMNS || numRows < PANEL_ROWS) {
            Arrays.fill(values, 0);
        }
        for (int row = 0; row < numRows; row++) {
            long at = (long) (firstRow + row) * source.numColumns() + firstColumn;
            switch (source.type()) {
                case F32 -> {
                    for (int column = 0; column < numColumns; column++) {
                        values[column * PANEL_ROWS + row] =
                                source.data().get(ScalarKernels.F32, (at + column) * Float.BYTES);
                    }
                }
                case BF16 -> {
                    for (int column = 0; column < numColumns; column++) {
                        int bits =
                                source.data().get(ScalarKernels.BF16, (at + column) * Short.BYTES);
                        values[column * PANEL_ROWS + row] = Float.intBitsToFloat(bits << 16);
                    }
                }
            }
        }
    }

    private void findScales(PanelType type) {
        for (int row = 0; row < PANEL_ROWS; row++) {
            extremes[row] = 0;
            bestGains[row] = 0;
            bestScales[row] = 0;
            for (int at = row; at < values.length; at += PANEL_ROWS) {
                if (!Float.isFinite(values[at])) {
                    throw new IllegalArgumentException(
                            "a weight of " + values[at] + "; want finite numbers");
                }
                if (Math.abs(values[at]) > Math.abs(extremes[row])) {
                    extremes[row] = values[at];
                }
            }
        }
        switch (type) {
            case Q4 -> {
                for (int step = -9; step <= 9; step++) {
                    tryScales(-8 + step * 0.1f, -8, 7);
                    tryScales(7 + step * 0.1f, -8, 7);
                }
            }
            case Q8 -> {
                for (int step = -4; step <= 4; step++) {
                    tryScales(127 + step * 0.25f, -127, 127);
                }
            }
        }
    }

    /// Tries, in every row, the scale that makes the extreme weight `wanted`. The error that is left is
    /// the squares of the weights less what is called gain here.
    private void tryScales(float wanted, float least, float most) {
        float[] products = this.products;
        float[] squares = this.squares;
        float[] inverses = this.inverses;
        for (int row = 0; row < PANEL_ROWS; row++) {
            inverses[row] = extremes[row] == 0 ? 0 : wanted / extremes[row];
            products[row] = 0;
            squares[row] = 0;
        }
        for (int at = 0; at < BLOCK_COLUMNS * PANEL_ROWS; at += PANEL_ROWS) {
            for (int row = 0; row < PANEL_ROWS; row++) {
                float value = values[at + row];
                float code = value * inverses[row] + ROUNDER - ROUNDER;
                code = Math.min(Math.max(code, least), most);
                products[row] += value * code;
                squares[row] += code * code;
            }
        }
        for (int row = 0; row < PANEL_ROWS; row++) {
            float scale = products[row] / squares[row];
            float gain = products[row] * scale;
            if (gain > bestGains[row]) {
                bestGains[row] = gain;
                bestScales[row] = scale;
            }
        }
    }

    /// The whole numbers nearest to a row's weights, for the scale as it is stored.
    private void round(PanelType type, int row, float scale) {
        int most = type == PanelType.Q4 ? 7 : 127;
        int least = type == PanelType.Q4 ? -8 : -127;
        for (int at = row; at < values.length; at += PANEL_ROWS) {
            int code = scale == 0 ? 0 : (int) Math.rint(values[at] / scale);
            codes[at] = (byte) (Math.clamp(code, least, most) + type.offset());
        }
    }

    private void write(PanelType type, MemorySegment target, long block) {
        int columns = BLOCK_COLUMNS / type.numGroups();
        for (int group = 0; group < type.numGroups(); group++) {
            for (int row = 0; row < PANEL_ROWS; row++) {
                for (int i = 0; i < Integer.BYTES; i++) {
                    int stored = codes[(columns * group + i) * PANEL_ROWS + row];
                    if (type == PanelType.Q4) {
                        stored |= codes[(columns * group + 4 + i) * PANEL_ROWS + row] << 4;
                    }
                    target.set(
                            ValueLayout.JAVA_BYTE,
                            block + (long) group * GROUP_BYTES + row * Integer.BYTES + i,
                            (byte) stored);
                }
            }
        }
    }
}
