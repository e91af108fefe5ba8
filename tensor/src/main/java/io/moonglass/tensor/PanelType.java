package io.moonglass.tensor;

/// How the weights of a [PanelMatrix] are stored: a whole number times its block's scale, in some types
/// plus its block's minimum.
public enum PanelType {
    /// -8 to 7, as value + 8; two in a byte.
    Q4(4, 8),
    /// -127 to 127, as value + 128; -128 too where another engine has packed it.
    Q8(8, 128),
    /// 0 to 15, and a minimum that is added; two in a byte.
    Q4A(4, 0);

    private final int bits;
    private final int offset;

    PanelType(int bits, int offset) {
        this.bits = bits;
        this.offset = offset;
    }

    /// Bits of one weight.
    public int bits() {
        return bits;
    }

    /// What is added to a value so that it is stored without a sign.
    int offset() {
        return offset;
    }

    /// The least whole number that packing gives.
    int least() {
        return switch (this) {
            case Q4 -> -8;
            case Q8 -> -127;
            case Q4A -> 0;
        };
    }

    /// The largest whole number.
    int most() {
        return switch (this) {
            case Q4 -> 7;
            case Q8 -> 127;
            case Q4A -> 15;
        };
    }

    /// Whether blocks have minima beside their scales.
    boolean hasMinima() {
        return this == Q4A;
    }

    /// Bytes of a block's weights, all rows of the panel.
    int blockBytes() {
        return PanelMatrix.PANEL_ROWS * QuantizedRows.BLOCK_COLUMNS * bits / Byte.SIZE;
    }

    /// Bytes of a block with its scales and minima.
    int storedBlockBytes() {
        return blockBytes() + (hasMinima() ? 2 : 1) * PanelMatrix.SCALE_BYTES;
    }

    /// Bytes of 64 that hold whole columns of a panel: the groups of a block.
    int numGroups() {
        return blockBytes() / PanelMatrix.GROUP_BYTES;
    }
}
