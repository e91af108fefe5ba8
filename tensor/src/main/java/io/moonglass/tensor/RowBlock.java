package io.moonglass.tensor;

import java.util.Arrays;

/// 32 neighbouring weights of one row that are whole numbers already, as their source stores them:
/// `(number - offset) * scale + minimum`. Scratch between a [BlockSource], which sets it, and [PanelPacker], which packs
/// what was set.
public final class RowBlock {

    /// Eight bytes each, the first in the lowest bits.
    final long[] numbers = new long[QuantizedRows.BLOCK_COLUMNS / Long.BYTES];

    short scale;
    short minimum;

    RowBlock() {}

    /// Zeros.
    ///
    /// @param offset of the source
    void clear(int offset) {
        Arrays.fill(numbers, offset * 0x0101010101010101L);
        scale = 0;
        minimum = 0;
    }

    /// What the numbers are multiplied with.
    ///
    /// @param float16 its bits
    public void setScale(short float16) {
        scale = float16;
    }

    /// What is added to each product; 0 unless it is set.
    ///
    /// @param float16 its bits
    public void setMinimum(short float16) {
        minimum = float16;
    }

    /// The weights `8 i` to `8 i + 7` of the block.
    ///
    /// @param eightBytes the first in the lowest bits; signed unless the source has an offset
    public void setNumbers(int i, long eightBytes) {
        numbers[i] = eightBytes;
    }
}
