package io.moonglass.engine;

import io.moonglass.tensor.ByteRows;
import io.moonglass.tensor.ElementType;

/// What the cache of keys and values holds.
public enum CacheType {
    /// Floats: nothing is rounded, for comparisons.
    F32(ElementType.F32),
    /// bfloat16, half of the memory.
    BF16(ElementType.BF16),
    /// 8 bits and a factor for each 32 numbers, a quarter of the memory; widened to bfloat16 before
    /// anything attends to it.
    Q8(ElementType.BF16);

    private final ElementType attended;

    CacheType(ElementType attended) {
        this.attended = attended;
    }

    /// What is computed with.
    ElementType attended() {
        return attended;
    }

    /// Bytes of one token in one layer.
    long rowBytes(int rowSize) {
        return switch (this) {
            case F32, BF16 -> (long) rowSize * attended.bytes();
            case Q8 -> ByteRows.rowBytes(rowSize);
        };
    }
}
