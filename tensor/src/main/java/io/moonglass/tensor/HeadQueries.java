package io.moonglass.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Queries of [HeadAttention#HEADS] heads, a head to each lane, in the numbers that rows are stored in,
/// for then one instruction multiplies two of them:
///
/// ```text
/// F32:  element 0 of 16 heads | element 1 of 16 heads | ...
/// BF16: elements 0, 1 of head 0 | elements 0, 1 of head 1 | ... | elements 2, 3 of head 0 | ...
/// ```
///
/// @param data exactly [#bytes], in the machine's order
public record HeadQueries(MemorySegment data, ElementType type, int rowSize) {

    private static final int HEADS = HeadAttention.HEADS;

    public HeadQueries {
        if (rowSize <= 0 || data.byteSize() != bytes(type, rowSize)) {
            throw new IllegalArgumentException(
                    "queries of %d elements in %s want %d bytes, got %d"
                            .formatted(rowSize, type, bytes(type, rowSize), data.byteSize()));
        }
    }

    /// Zeros, for as long as the arena lives.
    public static HeadQueries allocate(Arena arena, ElementType type, int rowSize) {
        return new HeadQueries(
                arena.allocate(bytes(type, rowSize), FloatMatrix.ALIGNMENT), type, rowSize);
    }

    public static long bytes(ElementType type, int rowSize) {
        return switch (type) {
            case F32 -> (long) rowSize * HEADS * Float.BYTES;
            case BF16 -> (rowSize + 1L) / 2 * HEADS * Integer.BYTES;
        };
    }

    /// Sets the elements of a head.
    ///
    /// @param row `[1, rowSize]`, of these queries' type
    public void set(int head, WeightMatrix row) {
        if (head < 0
                || head >= HEADS
                || row.type() != type
                || row.numRows() != 1
                || row.numColumns() != rowSize) {
            throw new IllegalArgumentException(
                    "queries of %d elements in %s: head %d from [%d, %d] in %s"
                            .formatted(
                                    rowSize,
                                    type,
                                    head,
                                    row.numRows(),
                                    row.numColumns(),
                                    row.type()));
        }
        int numWords = type == ElementType.F32 ? rowSize : rowSize / 2;
        for (int i = 0; i < numWords; i++) {
            int word = row.data().get(ValueLayout.JAVA_INT_UNALIGNED, (long) i * Integer.BYTES);
            data.setAtIndex(ValueLayout.JAVA_INT, (long) i * HEADS + head, word);
        }
        if (numWords < rowSize && rowSize % 2 == 1) {
            short last =
                    row.data()
                            .get(
                                    ValueLayout.JAVA_SHORT_UNALIGNED,
                                    (long) (rowSize - 1) * Short.BYTES);
            data.setAtIndex(ValueLayout.JAVA_SHORT, half(rowSize - 1, head), last);
        }
    }

    /// Makes a head's elements zeros.
    public void clear(int head) {
        for (int i = 0; i < rowSize; i++) {
            switch (type) {
                case F32 -> data.setAtIndex(ValueLayout.JAVA_FLOAT, (long) i * HEADS + head, 0);
                case BF16 -> data.setAtIndex(ValueLayout.JAVA_SHORT, half(i, head), (short) 0);
            }
        }
    }

    /// One element of a head.
    float get(int index, int head) {
        return switch (type) {
            case F32 -> data.getAtIndex(ValueLayout.JAVA_FLOAT, (long) index * HEADS + head);
            case BF16 ->
                    Float.intBitsToFloat(
                            data.getAtIndex(ValueLayout.JAVA_SHORT, half(index, head)) << 16);
        };
    }

    private static long half(int index, int head) {
        return ((long) index / 2 * HEADS + head) * 2 + index % 2;
    }
}
