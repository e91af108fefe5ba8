package io.moonglass.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Activations `[numRows, numColumns]` as [PanelMatrix] is multiplied with: whole numbers from -127 to
/// 127 times a scale for each block of 32 columns. A row is its blocks; a block of 40 bytes is
///
/// ```text
/// 32 signed bytes | float scale | int -8 times the sum of the bytes
/// ```
///
/// in the machine's order. The sum takes off what stored weights have too much, 4-bit ones 8: their product
/// with the bytes begins with the number as it is stored. Columns that fill the last block are zeros.
///
/// @param data exactly [#bytes]
public record QuantizedRows(MemorySegment data, int numRows, int numColumns) {

    static final int BLOCK_COLUMNS = 32;
    static final int SCALE = BLOCK_COLUMNS;
    private static final int START = SCALE + Float.BYTES;
    static final int BLOCK_BYTES = START + Integer.BYTES;

    /// The largest number in a block: 127 times the scale is the block's largest value.
    static final float LARGEST = 127;

    private static final int START_OF_SUM = -8;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    public QuantizedRows {
        if (numColumns <= 0 || data.byteSize() != bytes(numRows, numColumns)) {
            throw new IllegalArgumentException(
                    "quantised rows [%d, %d] want %d bytes, got %d"
                            .formatted(
                                    numRows,
                                    numColumns,
                                    bytes(numRows, numColumns),
                                    data.byteSize()));
        }
    }

    /// Zeros, for as long as the arena lives.
    public static QuantizedRows allocate(Arena arena, int numRows, int numColumns) {
        long bytes = bytes(numRows, numColumns);
        return new QuantizedRows(arena.allocate(bytes, FloatMatrix.ALIGNMENT), numRows, numColumns);
    }

    public static long bytes(int numRows, int numColumns) {
        return (long) numRows * numBlocks(numColumns) * BLOCK_BYTES;
    }

    static int numBlocks(int numColumns) {
        return (numColumns + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
    }

    int numBlocks() {
        return numBlocks(numColumns);
    }

    /// Offset of a block's first byte.
    long blockOffset(int row, int block) {
        return ((long) row * numBlocks() + block) * BLOCK_BYTES;
    }

    /// The sum of a block's bytes.
    ///
    /// @param at as [#blockOffset] tells
    int sum(long at) {
        return data.get(INT, at + START) / START_OF_SUM;
    }

    void setSum(long at, int sum) {
        data.set(INT, at + START, START_OF_SUM * sum);
    }

    /// Rows `[from, from + count)` over the same memory.
    public QuantizedRows rows(int from, int count) {
        return new QuantizedRows(
                data.asSlice(blockOffset(from, 0), bytes(count, numColumns)), count, numColumns);
    }

    /// Copies one row of a matrix as wide as this one.
    public void copyRow(QuantizedRows source, int row, int toRow) {
        if (source.numColumns != numColumns) {
            throw new IllegalArgumentException(
                    "a row of %d into rows of %d".formatted(source.numColumns, numColumns));
        }
        long bytes = bytes(1, numColumns);
        MemorySegment.copy(source.data, row * bytes, data, toRow * bytes, bytes);
    }
}
