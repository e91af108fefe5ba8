package io.moonglass.tensor;

import static io.moonglass.tensor.PanelMatrix.PANEL_ROWS;
import static io.moonglass.tensor.QuantizedRows.BLOCK_COLUMNS;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/// Quantises weights into panels. Each block of 32 weights of a row gets the scale that makes the
/// squared error small: several scales around the obvious one are tried, each improved to the best one
/// for the whole numbers that it gives.
///
/// One thread uses an instance; several may pack different panels of one matrix.
public final class PanelPacker {

    static final ValueLayout.OfShort FLOAT16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final KernelSet kernels;
    private final Map<PanelType, PanelBlock> blocks = new EnumMap<>(PanelType.class);

    public PanelPacker() {
        this(Kernels.fastest());
    }

    PanelPacker(KernelSet kernels) {
        this.kernels = kernels;
        for (PanelType type : PanelType.values()) {
            blocks.put(type, new PanelBlock(type));
        }
    }

    /// A whole matrix in new memory; for what is small.
    public static PanelMatrix pack(Arena arena, WeightMatrix source, PanelType type) {
        return pack(arena, source, type, Kernels.fastest());
    }

    static PanelMatrix pack(Arena arena, WeightMatrix source, PanelType type, KernelSet kernels) {
        long bytes = PanelMatrix.bytes(type, source.numRows(), source.numColumns());
        PanelMatrix packed =
                new PanelMatrix(
                        arena.allocate(bytes, FloatMatrix.ALIGNMENT),
                        type,
                        source.numRows(),
                        source.numColumns());
        PanelPacker packer = new PanelPacker(kernels);
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
        PanelBlock block = blocks.get(type);
        for (int b = 0; b < target.numBlocks(); b++) {
            read(source, panel * PANEL_ROWS, b * BLOCK_COLUMNS, block.values);
            kernels.findScales(block);
            long scales = target.scaleOffset(panel, b);
            for (int row = 0; row < PANEL_ROWS; row++) {
                short scale = Float.floatToFloat16(block.scales[row]);
                block.scales[row] = Float.float16ToFloat(scale); // codes are for it as it is stored
                if (!Float.isFinite(block.scales[row])) {
                    throw new IllegalArgumentException(
                            "row %d, columns from %d: a weight of %s; want at most %s"
                                    .formatted(
                                            panel * PANEL_ROWS + row,
                                            b * BLOCK_COLUMNS,
                                            block.extremes[row],
                                            65504f * type.offset()));
                }
                target.data().set(FLOAT16, scales, scale);
                scales += Short.BYTES;
            }
            kernels.writeCodes(block, target.data(), target.blockOffset(panel, b));
        }
    }

    /// The block's weights, column by column, 16 rows each.
    private static void read(WeightMatrix source, int firstRow, int firstColumn, float[] values) {
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
}
