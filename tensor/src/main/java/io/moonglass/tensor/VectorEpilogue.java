package io.moonglass.tensor;

import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.Lanes.MACHINE;
import static io.moonglass.tensor.Lanes.floats;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/// Biases and activations, of [VectorKernels]. What fills no vector is done under a mask, so that a
/// column's value does not depend on how columns are cut into pieces.
final class VectorEpilogue {

    private static final float SQRT_8_OVER_PI = (float) Math.sqrt(8 / Math.PI);
    private static final float SQRT_HALF = (float) Math.sqrt(0.5);

    private VectorEpilogue() {}

    static void addBias(MemorySegment x, long offset, float[] bias, int from, int length) {
        int i = 0;
        for (; i < FLOATS.loopBound(length); i += LANES) {
            long at = (offset + i) * Float.BYTES;
            floats(x, at)
                    .add(FloatVector.fromArray(FLOATS, bias, from + i))
                    .intoMemorySegment(x, at, MACHINE);
        }
        for (; i < length; i++) {
            float sum = x.getAtIndex(JAVA_FLOAT, offset + i) + bias[from + i];
            x.setAtIndex(JAVA_FLOAT, offset + i, sum);
        }
    }

    static void addBiased(
            MemorySegment x, float[] bias, MemorySegment out, long offset, int from, int length) {
        int i = 0;
        for (; i < FLOATS.loopBound(length); i += LANES) {
            long at = (offset + i) * Float.BYTES;
            floats(x, at)
                    .add(FloatVector.fromArray(FLOATS, bias, from + i))
                    .add(floats(out, at))
                    .intoMemorySegment(out, at, MACHINE);
        }
        for (; i < length; i++) {
            float sum = x.getAtIndex(JAVA_FLOAT, offset + i) + bias[from + i];
            out.setAtIndex(JAVA_FLOAT, offset + i, sum + out.getAtIndex(JAVA_FLOAT, offset + i));
        }
    }

    static void gelu(Gelu form, MemorySegment x, long offset, float[] bias, int from, int length) {
        switch (form) {
            case EXACT -> exact(x, offset, bias, from, length);
            case TANH -> tanh(x, offset, bias, from, length);
        }
    }

    private static void tanh(MemorySegment x, long offset, float[] bias, int from, int length) {
        int i = 0;
        for (; i < FLOATS.loopBound(length); i += LANES) {
            long at = (offset + i) * Float.BYTES;
            FloatVector z = floats(x, at).add(FloatVector.fromArray(FLOATS, bias, from + i));
            tanh(z).intoMemorySegment(x, at, MACHINE);
        }
        if (i < length) {
            VectorMask<Float> rest = FLOATS.indexInRange(i, length);
            tanh(biased(x, offset + i, bias, from + i, rest))
                    .intoMemorySegment(x, (offset + i) * Float.BYTES, MACHINE, rest);
        }
    }

    private static void exact(MemorySegment x, long offset, float[] bias, int from, int length) {
        int i = 0;
        for (; i < FLOATS.loopBound(length); i += LANES) {
            long at = (offset + i) * Float.BYTES;
            FloatVector z = floats(x, at).add(FloatVector.fromArray(FLOATS, bias, from + i));
            exact(z).intoMemorySegment(x, at, MACHINE);
        }
        if (i < length) {
            VectorMask<Float> rest = FLOATS.indexInRange(i, length);
            exact(biased(x, offset + i, bias, from + i, rest))
                    .intoMemorySegment(x, (offset + i) * Float.BYTES, MACHINE, rest);
        }
    }

    private static FloatVector biased(
            MemorySegment x, long offset, float[] bias, int from, VectorMask<Float> mask) {
        return FloatVector.fromMemorySegment(FLOATS, x, offset * Float.BYTES, MACHINE, mask)
                .add(FloatVector.fromArray(FLOATS, bias, from, mask));
    }

    /// By `0.5 (1 + tanh(u)) = 1 / (1 + exp(-2u))`.
    private static FloatVector tanh(FloatVector z) {
        FloatVector cubic = z.mul(z).mul(0.044715f).add(1).mul(z).mul(-SQRT_8_OVER_PI);
        return z.div(Lanes.exp(cubic).add(1));
    }

    /// The error function within 1.5e-7.
    ///
    /// Source: Abramowitz and Stegun 1964, "Handbook of Mathematical Functions", formula 7.1.26.
    private static FloatVector exact(FloatVector z) {
        FloatVector x = z.mul(SQRT_HALF);
        FloatVector size = x.abs();
        FloatVector one = FloatVector.broadcast(FLOATS, 1);
        FloatVector t = one.div(size.mul(0.3275911f).add(1));
        FloatVector p = FloatVector.broadcast(FLOATS, 1.061405429f);
        p = p.fma(t, FloatVector.broadcast(FLOATS, -1.453152027f));
        p = p.fma(t, FloatVector.broadcast(FLOATS, 1.421413741f));
        p = p.fma(t, FloatVector.broadcast(FLOATS, -0.284496736f));
        p = p.fma(t, FloatVector.broadcast(FLOATS, 0.254829592f));
        FloatVector rest = p.mul(t).mul(Lanes.exp(x.mul(x).neg()));
        // half of 1 + erf, which is odd
        FloatVector upper = rest.mul(-0.5f).add(1);
        FloatVector lower = rest.mul(0.5f);
        return upper.blend(lower, x.compare(VectorOperators.LT, 0)).mul(z);
    }
}
