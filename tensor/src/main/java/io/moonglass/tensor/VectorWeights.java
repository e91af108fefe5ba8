package io.moonglass.tensor;

import static io.moonglass.tensor.Exponential.LEAST;
import static io.moonglass.tensor.Exponential.LN2_HIGH;
import static io.moonglass.tensor.Exponential.LN2_LOW;
import static io.moonglass.tensor.Exponential.LOG2_E;
import static io.moonglass.tensor.Exponential.MOST;
import static io.moonglass.tensor.Exponential.ROUNDER;
import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// How scores become weights, of attention on vectors.
///
/// No method here takes a vector. Attention is more than the compiler puts into one piece, and where it stops, a method that takes
/// a vector gets an object for each: a third more time for a picture, in one of seven starts.
final class VectorWeights {

    private VectorWeights() {}

    /// `x = exp(x - largest)`, see [Lanes#exp], for elements `[from, to)`.
    ///
    /// @param to whole vectors after `from`
    static void exponentials(float[] x, int from, int to, float largest) {
        for (int i = from; i < to; i += LANES) {
            FloatVector exponent = FloatVector.fromArray(FLOATS, x, i).sub(largest);
            FloatVector clamped = exponent.max(LEAST).min(MOST);
            FloatVector shifted =
                    clamped.fma(
                            FloatVector.broadcast(FLOATS, LOG2_E),
                            FloatVector.broadcast(FLOATS, ROUNDER));
            FloatVector n = shifted.sub(ROUNDER);
            FloatVector r = n.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), clamped);
            r = n.fma(FloatVector.broadcast(FLOATS, -LN2_LOW), r);
            FloatVector p = FloatVector.broadcast(FLOATS, 1 / 5040f);
            p = p.fma(r, FloatVector.broadcast(FLOATS, 1 / 720f));
            p = p.fma(r, FloatVector.broadcast(FLOATS, 1 / 120f));
            p = p.fma(r, FloatVector.broadcast(FLOATS, 1 / 24f));
            p = p.fma(r, FloatVector.broadcast(FLOATS, 1 / 6f));
            p = p.fma(r, FloatVector.broadcast(FLOATS, 0.5f));
            p = p.fma(r, FloatVector.broadcast(FLOATS, 1f));
            p = p.fma(r, FloatVector.broadcast(FLOATS, 1f));
            IntVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
            p.reinterpretAsInts()
                    .add(power)
                    .reinterpretAsFloats()
                    .blend(0f, exponent.compare(VectorOperators.LT, LEAST))
                    .intoArray(x, i);
        }
    }

    /// The nearest bfloat16 numbers, see [Lanes#roundedToBfloat16], for elements `[from, to)`.
    ///
    /// @param to whole vectors after `from`
    static void roundToBfloat16(float[] x, int from, int to) {
        for (int i = from; i < to; i += LANES) {
            IntVector bits = FloatVector.fromArray(FLOATS, x, i).reinterpretAsInts();
            IntVector even = bits.lanewise(VectorOperators.LSHR, 16).and(1);
            bits.add(even).add(0x7fff).and(0xffff0000).reinterpretAsFloats().intoArray(x, i);
        }
    }
}
