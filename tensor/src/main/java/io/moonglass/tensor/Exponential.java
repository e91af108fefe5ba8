package io.moonglass.tensor;

/// exp by 2^n e^r with |r| <= ln 2 / 2 and the Taylor polynomial of degree 7: within 2 units in the
/// last place from -87.3 to 88.3, 0 below, not above e^88.3 beyond. Vectors do the same operations in
/// every lane, so that a value's exponential does not depend on where in a row it stands; and nothing
/// here needs them.
final class Exponential {

    static final float LOG2_E = 1.44269504f;
    static final float LN2_HIGH = 0.693359375f;
    static final float LN2_LOW = -2.12194440e-4f;
    // Adding it moves the integer part of a float into the low bits of its mantissa.
    static final float ROUNDER = 12582912f;
    static final float LEAST = -87.3f;
    static final float MOST = 88.3f;

    private Exponential() {}

    static float exp(float x) {
        if (x < LEAST) {
            return 0;
        }
        float clamped = Math.min(Math.max(x, LEAST), MOST);
        float shifted = Math.fma(clamped, LOG2_E, ROUNDER);
        float n = shifted - ROUNDER;
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, clamped));
        float p = 1 / 5040f;
        p = Math.fma(p, r, 1 / 720f);
        p = Math.fma(p, r, 1 / 120f);
        p = Math.fma(p, r, 1 / 24f);
        p = Math.fma(p, r, 1 / 6f);
        p = Math.fma(p, r, 0.5f);
        p = Math.fma(p, r, 1f);
        p = Math.fma(p, r, 1f);
        int exponent = Float.floatToRawIntBits(shifted) << 23;
        return Float.intBitsToFloat(Float.floatToRawIntBits(p) + exponent);
    }
}
