package io.moonglass.tensor;

/// How the elements of a weight are stored.
public enum ElementType {
    /// IEEE 754 single precision.
    F32(4),
    /// The upper half of a single: 8 bits of exponent, 7 of mantissa.
    BF16(2);

    private final int bytes;

    ElementType(int bytes) {
        this.bytes = bytes;
    }

    public int bytes() {
        return bytes;
    }
}
