package io.moonglass.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.random.RandomGenerator;

/// A quantised weight `[numRows, numColumns]` (out, in) in the order in which kernels read it.
///
/// Rows are taken 16 at a time (a panel), columns 32 at a time (a block):
///
/// ```text
/// panel  = block 0 | block 1 | ...
/// block  = groups of 64 bytes, 4 (Q4, Q4A) or 8 (Q8) | 16 float16 scales, one a row
///          Q4A: | 16 float16 minima, one a row
/// group  = 4 bytes of row 0 | 4 bytes of row 1 | ... | 4 bytes of row 15
///          Q4, Q4A: group j holds columns 8j .. 8j + 3 in low and 8j + 4 .. 8j + 7 in high nibbles
///          Q8: group j holds columns 4j .. 4j + 3
/// ```
///
/// So a load of 64 bytes serves 16 rows, no sum ever crosses lanes, and all is read in one stream, which
/// processors fetch ahead better than two. Rows that fill the last panel are zeros, and so are columns that
/// fill the last block, which in Q4A repeat another.
///
/// @param data [#bytes], or less by what rounds them up; little-endian; best aligned to 64 bytes
public record PanelMatrix(MemorySegment data, PanelType type, int numRows, int numColumns)
        implements Weight {

    /// Rows of a panel.
    public static final int PANEL_ROWS = 16;

    static final int GROUP_BYTES = 4 * PANEL_ROWS;
    static final int SCALE_BYTES = PANEL_ROWS * Short.BYTES;

    public PanelMatrix {
        long bytes = bytes(type, numRows, numColumns);
        long least = numPanels(numRows) * panelBytes(type, numColumns);
        if (data.byteSize() < least || data.byteSize() > bytes) {
            throw new IllegalArgumentException(
                    "weight [%d, %d] in %s wants %d bytes, got %d"
                            .formatted(numRows, numColumns, type, bytes, data.byteSize()));
        }
    }

    /// Bytes of a whole matrix: a multiple of 64, so that what follows is aligned too.
    public static long bytes(PanelType type, int numRows, int numColumns) {
        if (numRows <= 0 || numColumns <= 0) {
            throw new IllegalArgumentException("weight [%d, %d]".formatted(numRows, numColumns));
        }
        long panels = (long) numPanels(numRows) * panelBytes(type, numColumns);
        return (panels + FloatMatrix.ALIGNMENT - 1) & -FloatMatrix.ALIGNMENT;
    }

    /// Panels of that many rows.
    public static int numPanels(int numRows) {
        return (numRows + PANEL_ROWS - 1) / PANEL_ROWS;
    }

    /// Bytes of one panel; the next one follows it.
    public long panelBytes() {
        return panelBytes(type, numColumns);
    }

    /// Bytes of one panel of so many columns.
    public static long panelBytes(PanelType type, int numColumns) {
        return (long) QuantizedRows.numBlocks(numColumns) * type.storedBlockBytes();
    }

    public int numPanels() {
        return numPanels(numRows);
    }

    /// Rows `[from, from + count)` as a matrix of their own, over the same memory.
    ///
    /// @param from  a multiple of [#PANEL_ROWS]
    /// @param count a multiple of it, unless these are the last rows
    public PanelMatrix rows(int from, int count) {
        boolean whole = count % PANEL_ROWS == 0 || from + count == numRows;
        if (from % PANEL_ROWS != 0 || !whole || from < 0 || from + count > numRows) {
            throw new IllegalArgumentException(
                    "rows %d to %d of %d; want whole panels"
                            .formatted(from, from + count, numRows));
        }
        long begin = panelOffset(from / PANEL_ROWS);
        long size = panelOffset(numPanels(count));
        return new PanelMatrix(data.asSlice(begin, size), type, count, numColumns);
    }

    /// One panel as a matrix of its own, over the same memory.
    public PanelMatrix panel(int panel) {
        int from = panel * PANEL_ROWS;
        return rows(from, Math.min(PANEL_ROWS, numRows - from));
    }

    int numBlocks() {
        return QuantizedRows.numBlocks(numColumns);
    }

    private long panelOffset(int panel) {
        return panel * panelBytes();
    }

    /// Offset of a block's first group.
    long blockOffset(int panel, int block) {
        return panelOffset(panel) + (long) block * type.storedBlockBytes();
    }

    /// Offset of a block's scales.
    long scaleOffset(int panel, int block) {
        return blockOffset(panel, block) + type.blockBytes();
    }

    /// Offset of a block's minima, if its type has them.
    long minimumOffset(int panel, int block) {
        return scaleOffset(panel, block) + SCALE_BYTES;
    }

    /// One row as floats, as quantised. For what reads a matrix once; slow.
    ///
    /// @param out gets [#numColumns] values from `at` on
    public void widenRow(int row, float[] out, int at) {
        for (int block = 0; block < numBlocks(); block++) {
            float scale = ScalarKernels.scale(this, row, block);
            float minimum = ScalarKernels.minimum(this, row, block);
            int first = block * QuantizedRows.BLOCK_COLUMNS;
            int count = Math.min(QuantizedRows.BLOCK_COLUMNS, numColumns - first);
            for (int i = first; i < first + count; i++) {
                out[at + i] = ScalarKernels.code(this, row, i) * scale + minimum;
            }
        }
    }

    /// Random weights in one panel, uniformly distributed with this standard deviation.
    public void fillPanel(int panel, RandomGenerator random, float deviation) {
        double numCodes = 1 << type.bits();
        float scale = (float) (deviation / Math.sqrt((numCodes * numCodes - 1) / 12));
        short stored = Float.floatToFloat16(scale);
        short minimum = Float.floatToFloat16(-7.5f * scale); // so that their mean is 0
        for (int block = 0; block < numBlocks(); block++) {
            long scales = scaleOffset(panel, block);
            for (long at = blockOffset(panel, block); at < scales; at += Long.BYTES) {
                data.set(ValueLayout.JAVA_LONG_UNALIGNED, at, random.nextLong());
            }
            for (int row = 0; row < PANEL_ROWS; row++) {
                data.set(PanelPacker.FLOAT16, scales + (long) row * Short.BYTES, stored);
                if (type.hasMinima()) {
                    long minima = minimumOffset(panel, block);
                    data.set(PanelPacker.FLOAT16, minima + (long) row * Short.BYTES, minimum);
                }
            }
        }
    }
}
