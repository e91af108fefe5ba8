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

    /// Sets elements `[to, to + count)` of a head to `factor` times those of a row.
    public void set(
            int head, int to, FloatMatrix source, int row, int column, int count, float factor) {
        if (head < 0
                || head >= HEADS
                || to < 0
                || to + count > rowSize
                || column + count > source.numColumns()) {
            throw new IllegalArgumentException(
                    "queries: elements %d to %d of head %d, from column %d of %d"
                            .formatted(to, to + count, head, column, source.numColumns()));
        }
        switch (type) {
            case F32 -> {
                for (int i = 0; i < count; i++) {
                    data.setAtIndex(
                            ValueLayout.JAVA_FLOAT,
                            (long) (to + i) * HEADS + head,
                            source.get(row, column + i) * factor);
                }
            }
            case BF16 -> {
                int i = 0;
                for (; to % 2 == 0 && i + 1 < count; i += 2) {
                    int low = Bfloat16.bits(source.get(row, column + i) * factor);
                    int high = Bfloat16.bits(source.get(row, column + i + 1) * factor);
                    data.setAtIndex(
                            ValueLayout.JAVA_INT,
                            (long) (to + i) / 2 * HEADS + head,
                            low | high << 16);
                }
                for (; i < count; i++) {
                    int stored = Bfloat16.bits(source.get(row, column + i) * factor);
                    data.setAtIndex(ValueLayout.JAVA_SHORT, half(to + i, head), (short) stored);
                }
            }
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
