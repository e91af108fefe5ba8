package io.moonglass.tensor;

import static io.moonglass.tensor.PanelMatrix.PANEL_ROWS;
import static io.moonglass.tensor.QuantizedRows.BLOCK_COLUMNS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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

    /// Of any type.
    private static final int MOST_BLOCK_BYTES =
            Arrays.stream(PanelType.values())
                    .mapToInt(PanelType::storedBlockBytes)
                    .max()
                    .getAsInt();

    private final KernelSet kernels;
    private final Map<PanelType, PanelBlock> blocks = new EnumMap<>(PanelType.class);
    private final RowBlock rowBlock = new RowBlock();

    /// One block of a panel while it is put together.
    private final int[] words = new int[MOST_BLOCK_BYTES / Integer.BYTES];

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
        PanelBlock block = blocks.get(target.type());
        for (int b = 0; b < target.numBlocks(); b++) {
            read(source, panel * PANEL_ROWS, b * BLOCK_COLUMNS, block.values);
            if (target.type().hasMinima()) {
                fillColumns(target.numColumns() - b * BLOCK_COLUMNS, block.values);
            }
            kernels.findScales(block);
            for (int row = 0; row < PANEL_ROWS; row++) {
                writeScales(block, target, panel, b, row);
            }
            kernels.writeCodes(block, target.data(), target.blockOffset(panel, b));
        }
    }

    /// Columns beyond the last are multiplied with zeros. They repeat the block's first, so that they do not
    /// widen the range that minima and scales have to cover.
    private static void fillColumns(int numColumns, float[] values) {
        for (int column = numColumns; column < BLOCK_COLUMNS; column++) {
            System.arraycopy(values, 0, values, column * PANEL_ROWS, PANEL_ROWS);
        }
    }

    /// Rounds scale and minimum to float16 and stores them; whole numbers are for them as they are stored.
    private static void writeScales(
            PanelBlock block, PanelMatrix target, int panel, int b, int row) {
        short scale = Float.floatToFloat16(block.scales[row]);
        block.scales[row] = Float.float16ToFloat(scale);
        target.data().set(FLOAT16, target.scaleOffset(panel, b) + row * 2L, scale);
        if (target.type().hasMinima()) {
            float wanted = block.means[row] - block.scales[row] * block.meanCodes[row];
            short minimum = Float.floatToFloat16(wanted);
            block.minima[row] = Float.float16ToFloat(minimum);
            target.data().set(FLOAT16, target.minimumOffset(panel, b) + row * 2L, minimum);
        }
        if (!Float.isFinite(block.scales[row]) || !Float.isFinite(block.minima[row])) {
            throw new IllegalArgumentException(
                    "row %d, columns from %d: a weight of %s; %s holds at most %s"
                            .formatted(
                                    panel * PANEL_ROWS + row,
                                    b * BLOCK_COLUMNS,
                                    block.extremes[row],
                                    target.type(),
                                    65504f * Math.max(1, target.type().offset())));
        }
    }

    /// Writes one panel of what is quantised already: the numbers and scales that are packed are those of
    /// the source, bit for bit.
    ///
    /// @param source of the shape of `target`
    /// @throws IllegalArgumentException if a number does not fit into the panels, a scale is not finite,
    ///     or there is a minimum, for which they have no room
    public void packBlocks(BlockSource source, PanelMatrix target, int panel) {
        if (source.numRows() != target.numRows() || source.numColumns() != target.numColumns()) {
            throw new IllegalArgumentException(
                    "weight [%d, %d] into panels of [%d, %d]"
                            .formatted(
                                    source.numRows(),
                                    source.numColumns(),
                                    target.numRows(),
                                    target.numColumns()));
        }
        int firstRow = panel * PANEL_ROWS;
        long shift = (target.type().offset() - source.offset() & 0xff) * 0x0101010101010101L;
        for (int b = 0; b < target.numBlocks(); b++) {
            for (int row = 0; row < PANEL_ROWS; row++) {
                if (firstRow + row < source.numRows()) {
                    rowBlock.setMinimum((short) 0); // all else is set by the source
                    source.read(firstRow + row, b, rowBlock);
                    check(rowBlock, target.type(), firstRow + row, b);
                } else {
                    rowBlock.clear(source.offset());
                }
                if (!put(rowBlock, target.type(), shift, row)) {
                    throw new IllegalArgumentException(
                            "row %d, columns from %d: a number is too large for %s"
                                    .formatted(firstRow + row, b * BLOCK_COLUMNS, target.type()));
                }
            }
            MemorySegment.copy(
                    words,
                    0,
                    target.data(),
                    StoredBlocks.WORD,
                    target.blockOffset(panel, b),
                    target.type().storedBlockBytes() / Integer.BYTES);
        }
    }

    private static void check(RowBlock block, PanelType type, int row, int b) {
        boolean mayBe = type.hasMinima() ? isFinite(block.minimum) : (block.minimum & 0x7fff) == 0;
        if (!isFinite(block.scale) || !mayBe) {
            throw new IllegalArgumentException(
                    "row %d, columns from %d: a scale of %s and a minimum of %s, which %s cannot hold"
                            .formatted(
                                    row,
                                    b * BLOCK_COLUMNS,
                                    Float.float16ToFloat(block.scale),
                                    Float.float16ToFloat(block.minimum),
                                    type));
        }
    }

    private static boolean isFinite(short float16) {
        return (float16 & 0x7c00) != 0x7c00;
    }

    /// Puts a row into the block that is being made; tells whether all numbers fit.
    ///
    /// @param shift what is added to each byte
    private boolean put(RowBlock block, PanelType type, long shift, int row) {
        long beyond = 0;
        switch (type) {
            case Q4, Q4A -> {
                for (int group = 0; group < 4; group++) {
                    long stored = sums(block.numbers[group], shift);
                    beyond |= stored & 0xf0f0f0f0f0f0f0f0L;
                    words[group * PANEL_ROWS + row] = (int) (stored | stored >>> 28);
                }
            }
            case Q8 -> {
                for (int i = 0; i < 4; i++) {
                    long stored = sums(block.numbers[i], shift);
                    words[2 * i * PANEL_ROWS + row] = (int) stored;
                    words[(2 * i + 1) * PANEL_ROWS + row] = (int) (stored >>> 32);
                }
            }
        }
        int scales = type.numGroups() * PANEL_ROWS;
        putHalf(scales, row, block.scale);
        if (type.hasMinima()) {
            putHalf(scales + PANEL_ROWS / 2, row, block.minimum);
        }
        return beyond == 0;
    }

    /// Adds eight bytes to eight others without carries between them.
    private static long sums(long bytes, long others) {
        return (bytes & 0x7f7f7f7f7f7f7f7fL) + (others & 0x7f7f7f7f7f7f7f7fL)
                ^ (bytes ^ others) & 0x8080808080808080L;
    }

    private void putHalf(int at, int row, short half) {
        int shift = row % 2 * Short.SIZE;
        words[at + row / 2] = words[at + row / 2] & ~(0xffff << shift) | (half & 0xffff) << shift;
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
