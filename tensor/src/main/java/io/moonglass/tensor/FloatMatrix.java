package io.moonglass.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Activations `[numRows, numColumns]`: floats in the machine's order, row-major, off the heap.
///
/// @param data exactly `numRows * numColumns` floats
public record FloatMatrix(MemorySegment data, int numRows, int numColumns) {

    /// Alignment of what is allocated here: one cache line, one 512-bit vector.
    public static final long ALIGNMENT = 64;

    public FloatMatrix {
        long bytes = (long) numRows * numColumns * Float.BYTES;
        if (numRows < 0 || numColumns <= 0 || data.byteSize() != bytes) {
            throw new IllegalArgumentException(
                    "matrix [%d, %d] wants %d bytes, got %d"
                            .formatted(numRows, numColumns, bytes, data.byteSize()));
        }
    }

    /// Zeros, aligned, for as long as the arena lives.
    public static FloatMatrix allocate(Arena arena, int numRows, int numColumns) {
        long bytes = (long) numRows * numColumns * Float.BYTES;
        return new FloatMatrix(arena.allocate(bytes, ALIGNMENT), numRows, numColumns);
    }

    /// A copy of an array, row after row.
    public static FloatMatrix of(Arena arena, int numColumns, float... values) {
        FloatMatrix matrix = allocate(arena, values.length / numColumns, numColumns);
        MemorySegment.copy(values, 0, matrix.data, ValueLayout.JAVA_FLOAT, 0, values.length);
        return matrix;
    }

    /// All rows of matrices of one width, in order; the only one of a list is given as it is.
    public static FloatMatrix concatenate(Arena arena, List<FloatMatrix> parts) {
        if (parts.size() == 1) {
            return parts.getFirst();
        }
        int numRows = parts.stream().mapToInt(FloatMatrix::numRows).sum();
        FloatMatrix all = allocate(arena, numRows, parts.getFirst().numColumns);
        int row = 0;
        for (FloatMatrix part : parts) {
            all.rows(row, part.numRows).copyFrom(part);
            row += part.numRows;
        }
        return all;
    }

    /// Rows `[from, from + count)` over the same memory.
    public FloatMatrix rows(int from, int count) {
        long rowBytes = (long) numColumns * Float.BYTES;
        return new FloatMatrix(data.asSlice(from * rowBytes, count * rowBytes), count, numColumns);
    }

    public float get(int row, int column) {
        return data.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * numColumns + column);
    }

    public void set(int row, int column, float value) {
        data.setAtIndex(ValueLayout.JAVA_FLOAT, (long) row * numColumns + column, value);
    }

    /// A copy on the heap, row after row; for tests and for what is small.
    public float[] toArray() {
        return data.toArray(ValueLayout.JAVA_FLOAT);
    }

    /// Copies `count` values of a row into a row of another matrix.
    public void copyTo(
            int row, int column, FloatMatrix target, int targetRow, int targetColumn, int count) {
        MemorySegment.copy(
                data,
                ((long) row * numColumns + column) * Float.BYTES,
                target.data,
                ((long) targetRow * target.numColumns + targetColumn) * Float.BYTES,
                (long) count * Float.BYTES);
    }

    /// Copies all values from a matrix of the same shape.
    public void copyFrom(FloatMatrix source) {
        if (source.numRows != numRows || source.numColumns != numColumns) {
            throw new IllegalArgumentException(
                    "copy of [%d, %d] into [%d, %d]"
                            .formatted(source.numRows, source.numColumns, numRows, numColumns));
        }
        data.copyFrom(source.data);
    }
}
