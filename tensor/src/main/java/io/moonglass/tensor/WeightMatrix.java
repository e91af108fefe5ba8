package io.moonglass.tensor;

import java.lang.foreign.MemorySegment;

/// A weight `[numRows, numColumns]` (out, in), row-major and little-endian, read where it lies: in a
/// mapped file or in memory. Nothing is widened.
///
/// @param data exactly `numRows * numColumns` elements; need not be aligned
public record WeightMatrix(MemorySegment data, ElementType type, int numRows, int numColumns)
        implements Weight {

    public WeightMatrix {
        long bytes = (long) numRows * numColumns * type.bytes();
        if (numRows <= 0 || numColumns <= 0 || data.byteSize() != bytes) {
            throw new IllegalArgumentException(
                    "weight [%d, %d] in %s wants %d bytes, got %d"
                            .formatted(numRows, numColumns, type, bytes, data.byteSize()));
        }
    }

    /// Rows `[from, from + count)` as a matrix of their own, over the same memory.
    public WeightMatrix rows(int from, int count) {
        long rowBytes = (long) numColumns * type.bytes();
        return new WeightMatrix(
                data.asSlice(from * rowBytes, count * rowBytes), type, count, numColumns);
    }
}
