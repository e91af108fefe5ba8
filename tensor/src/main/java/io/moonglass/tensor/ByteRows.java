package io.moonglass.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Rows of numbers in 8 bits: blocks of 32 numbers share a factor, with which the largest of them is 127
/// or -127. A row is its blocks' factors as floats, then its numbers, then up to three bytes of nothing.
///
/// @param data exactly `numRows * rowBytes(numColumns)` bytes, aligned to four
public record ByteRows(MemorySegment data, int numRows, int numColumns) {

    /// Numbers that share a factor.
    static final int BLOCK = 32;

    static final int LARGEST = 127;

    public ByteRows {
        long bytes = (long) numRows * rowBytes(numColumns);
        if (numRows <= 0 || numColumns <= 0 || data.byteSize() != bytes) {
            throw new IllegalArgumentException(
                    "rows [%d, %d] in 8 bits want %d bytes, got %d"
                            .formatted(numRows, numColumns, bytes, data.byteSize()));
        }
    }

    /// Bytes of a row.
    public static int rowBytes(int numColumns) {
        int numBlocks = (numColumns + BLOCK - 1) / BLOCK;
        return numBlocks * Float.BYTES + (numColumns + 3) / 4 * 4;
    }

    /// The factor of a block, by which its numbers are multiplied.
    float factor(int row, int block) {
        return data.get(ValueLayout.JAVA_FLOAT, factorOffset(row, block));
    }

    void setFactor(int row, int block, float value) {
        data.set(ValueLayout.JAVA_FLOAT, factorOffset(row, block), value);
    }

    /// Where a row's numbers begin.
    long numbers(int row) {
        int numBlocks = (numColumns + BLOCK - 1) / BLOCK;
        return factorOffset(row, numBlocks);
    }

    private long factorOffset(int row, int block) {
        return (long) row * rowBytes(numColumns) + (long) block * Float.BYTES;
    }
}
