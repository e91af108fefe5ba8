package io.moonglass.tensor;

import static io.moonglass.tensor.Exponential.LEAST;
import static io.moonglass.tensor.Exponential.LN2_HIGH;
import static io.moonglass.tensor.Exponential.LN2_LOW;
import static io.moonglass.tensor.Exponential.LOG2_E;
import static io.moonglass.tensor.Exponential.MOST;
import static io.moonglass.tensor.Exponential.ROUNDER;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// What the vector kernels share: the shape of a vector, loads, the sum of its lanes, exp.
final class Lanes {

    static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, FLOATS.vectorShape());
    static final VectorSpecies<Short> SHORTS = VectorSpecies.of(short.class, FLOATS.vectorShape());
    private static final VectorSpecies<Short> HALVES =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));
    static final ByteOrder MACHINE = ByteOrder.nativeOrder();
    private static final ByteOrder STORED = ByteOrder.LITTLE_ENDIAN;
    static final int LANES = FLOATS.length();
    private static final VectorSpecies<Byte> QUARTERS =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, LANES * Byte.SIZE)));

    static final VectorShuffle<Float> FOLD_8 = fold(8);
    static final VectorShuffle<Float> FOLD_4 = fold(4);
    static final VectorShuffle<Float> FOLD_2 = fold(2);
    static final VectorShuffle<Float> FOLD_1 = fold(1);

    static final VectorShuffle<Float> SWAP_PAIRS = VectorShuffle.fromOp(FLOATS, lane -> lane ^ 1);

    private Lanes() {}

    static FloatVector floats(MemorySegment segment, long byteOffset) {
        return FloatVector.fromMemorySegment(FLOATS, segment, byteOffset, MACHINE);
    }

    static FloatVector stored(MemorySegment segment, long byteOffset) {
        return FloatVector.fromMemorySegment(FLOATS, segment, byteOffset, STORED);
    }

    /// bfloat16 is the upper half of a float: shift it into place.
    static FloatVector widened(MemorySegment segment, long byteOffset) {
        IntVector bits =
                (IntVector)
                        ShortVector.fromMemorySegment(HALVES, segment, byteOffset, STORED)
                                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
        return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    /// The nearest bfloat16 numbers, ties to even, of finite ones.
    static FloatVector roundedToBfloat16(FloatVector x) {
        IntVector bits = x.reinterpretAsInts();
        IntVector even = bits.lanewise(VectorOperators.LSHR, 16).and(1);
        return bits.add(even).add(0x7fff).and(0xffff0000).reinterpretAsFloats();
    }

    /// Rounds finite numbers to bfloat16 and stores them.
    static void storeBfloat16(FloatVector x, MemorySegment segment, long byteOffset) {
        roundedToBfloat16(x)
                .reinterpretAsInts()
                .lanewise(VectorOperators.LSHR, 16)
                .convertShape(VectorOperators.I2S, HALVES, 0)
                .reinterpretAsShorts()
                .intoMemorySegment(segment, byteOffset, STORED);
    }

    static IntVector storedInts(MemorySegment segment, long byteOffset) {
        return IntVector.fromMemorySegment(INTS, segment, byteOffset, STORED);
    }

    /// Signed bytes as floats. Where a vector of floats has fewer lanes than the least vector of bytes,
    /// some bytes after them are read as well.
    static FloatVector bytes(MemorySegment segment, long byteOffset) {
        return (FloatVector)
                ByteVector.fromMemorySegment(QUARTERS, segment, byteOffset, STORED)
                        .convertShape(VectorOperators.B2F, FLOATS, 0);
    }

    /// Finite float16 numbers as floats: sign, exponent and mantissa are shifted into place, the sign by being
    /// extended, and the difference between the exponents' biases is a factor.
    static FloatVector halves(MemorySegment segment, long byteOffset) {
        IntVector bits =
                (IntVector)
                        ShortVector.fromMemorySegment(HALVES, segment, byteOffset, STORED)
                                .convertShape(VectorOperators.S2I, INTS, 0);
        return bits.lanewise(VectorOperators.LSHL, 13)
                .and(0x8fffe000)
                .reinterpretAsFloats()
                .mul(0x1p112f);
    }

    /// The whole numbers nearest to floats of at most 2^22, ties to even.
    static IntVector rounded(FloatVector x) {
        return x.add(ROUNDER).reinterpretAsInts().sub(Float.floatToRawIntBits(ROUNDER));
    }

    /// The low byte of every lane.
    static void storeBytes(IntVector x, MemorySegment segment, long byteOffset) {
        if (LANES * Byte.SIZE < QUARTERS.vectorBitSize()) {
            for (int lane = 0; lane < LANES; lane++) {
                segment.set(ValueLayout.JAVA_BYTE, byteOffset + lane, (byte) x.lane(lane));
            }
            return;
        }
        x.convertShape(VectorOperators.I2B, QUARTERS, 0)
                .reinterpretAsBytes()
                .intoMemorySegment(segment, byteOffset, STORED);
    }

    /// Adds up the lanes of one stored vector, upper half onto lower half. Stored, because a vector
    /// that is handed to a method may be allocated in every round of the loop that made it.
    static float sum(float[] lanes, int from) {
        FloatVector v = FloatVector.fromArray(FLOATS, lanes, from);
        if (LANES > 8) {
            v = v.add(v.rearrange(FOLD_8));
        }
        if (LANES > 4) {
            v = v.add(v.rearrange(FOLD_4));
        }
        v = v.add(v.rearrange(FOLD_2));
        return v.add(v.rearrange(FOLD_1)).lane(0);
    }

    private static VectorShuffle<Float> fold(int by) {
        return VectorShuffle.fromOp(FLOATS, lane -> (lane + by) % LANES);
    }

    /// [Exponential] in every lane. Written out because the library's `EXP` gives other bits in
    /// interpreted code than in compiled code.
    static FloatVector exp(FloatVector x) {
        // Comparisons, because the library's `max` and `min` take six operations for zeros' signs.
        FloatVector clamped = x.blend(MOST, x.compare(VectorOperators.GT, MOST));
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
        IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        FloatVector result = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
        return result.blend(0f, x.compare(VectorOperators.LT, LEAST));
    }
}
