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

    /// The nearest number with eight bits of mantissa, ties to even, as the upper half of a float.
    public static short bfloat16(float value) {
        int bits = Float.floatToIntBits(value);
        if (!Float.isNaN(value)) {
            bits += 0x7fff + (bits >>> 16 & 1);
        }
        return (short) (bits >>> 16);
    }
}
