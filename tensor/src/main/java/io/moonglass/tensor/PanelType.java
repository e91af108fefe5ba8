package io.moonglass.tensor;

/// How the weights of a [PanelMatrix] are stored: a whole number times its block's scale.
public enum PanelType {
    /// -8 to 7, as value + 8; two in a byte.
    Q4(4, 8),
    /// -127 to 127, as value + 128; -128 too where another engine has packed it.
    Q8(8, 128);

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

    /// Whether four signed bytes can be stored.
    boolean holds(int four) {
        return switch (this) {
            // the upper five bits of each are alike
            case Q4 -> (four >> 4 & 0x0f0f0f0f) == (four >> 3 & 0x01010101) * 15;
            case Q8 -> true;
        };
    }

    /// Bytes of a block's weights, all rows of the panel.
    int blockBytes() {
        return PanelMatrix.PANEL_ROWS * QuantizedRows.BLOCK_COLUMNS * bits / Byte.SIZE;
    }

    /// Bytes of 64 that hold whole columns of a panel: the groups of a block.
    int numGroups() {
        return blockBytes() / PanelMatrix.GROUP_BYTES;
    }
}
