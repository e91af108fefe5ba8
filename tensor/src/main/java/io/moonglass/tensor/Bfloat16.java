package io.moonglass.tensor;

/// Rounding of floats to bfloat16, their upper halves.
final class Bfloat16 {

    private Bfloat16() {}

    /// The 16 bits of the bfloat16 that is nearest to a finite float, to even where two are as near.
    static int bits(float value) {
        int bits = Float.floatToRawIntBits(value);
        return (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
    }

    static float rounded(float value) {
        return Float.intBitsToFloat(bits(value) << 16);
    }
}
