package io.moonglass.tensor;

/// Rounding of floats to bfloat16, their upper halves.
public final class Bfloat16 {

    private Bfloat16() {}

    /// The 16 bits of the bfloat16 that is nearest, to even where two are as near; what is no number
    /// stays none.
    public static int bits(float value) {
        int bits = Float.floatToIntBits(value);
        return (Float.isNaN(value) ? bits : bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
    }

    static float rounded(float value) {
        return Float.intBitsToFloat(bits(value) << 16);
    }
}
