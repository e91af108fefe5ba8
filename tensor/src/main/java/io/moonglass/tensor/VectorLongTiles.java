package io.moonglass.tensor;

import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.PanelMatrix.GROUP_BYTES;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// [VectorPanelTiles] with three or four products in one multiplication of 64-bit numbers.
///
/// A long holds a column's weights in fields, another a row's numbers in the opposite order, as
/// coefficients of polynomials (Kronecker substitution). Of three fields of `b` bits,
///
/// ```text
/// (x0 + x1 2^b + x2 2^2b) (w2 + w1 2^b + w0 2^2b) = ... + (x0 w0 + x1 w1 + x2 w2) 2^2b + ...
/// ```
///
/// What lies above the uppermost field is lost beyond 64 bits. What lies below it adds less than half to
/// it as long as fields hold the sums of a block: 32 x 127 x 128 < 2^19 in 64 - 2 x 22 = 20 bits with their
/// sign, and with weights of 4 bits 32 x 127 x 8 < 2^15 in 64 - 3 x 16 = 16.
final class VectorLongTiles extends VectorPanelTiles {

    /// Whether this processor multiplies a vector of 64-bit numbers as fast as one of floats.
    static final boolean FASTER = LANES == 16 && Processor.vendor().equals("AuthenticAMD");

    private static final VectorSpecies<Long> LONGS =
            VectorSpecies.of(long.class, FLOATS.vectorShape());
    private static final int LONG_LANES = LONGS.length();
    private static final ByteOrder STORED = ByteOrder.LITTLE_ENDIAN;
    private static final long UPPER_HALF = -1L << Integer.SIZE;

    /// Weights of 8 bits: three fields, of columns that are ten apart, and an eleventh step with the last two columns.
    private static final int THIRD_BITS = 22;

    private static final int THIRD_COLUMNS = 10;
    private static final int THIRD_STEPS = 11;

    /// Weights of 4 bits: four fields, of columns that are eight apart.
    private static final int QUARTER_BITS = 16;

    private static final int QUARTER_STEPS = 8;

    /// 1 in every field.
    private static final long THIRDS = 1L << 2 * THIRD_BITS | 1L << THIRD_BITS | 1;

    private static final long QUARTERS = 0x1000100010001L;

    private final boolean thirds;
    private final int numSteps;

    /// The lowest bit of the uppermost field.
    private final int sumBit;

    /// What is taken off weights, beyond their type's offset, to give them a sign: products lack so many sums of a row.
    private final int taken;

    /// A block of rows, [#numSteps] each, and what vectors that end beyond them write.
    private final long[] codes;

    /// A block of a strip, step by step; of each vector of columns first the even ones, then the odd ones.
    private final long[] weights;

    VectorLongTiles(QuantizedRows x, PanelMatrix weight) {
        super(x, weight);
        PanelType type = weight.type();
        thirds = type == PanelType.Q8;
        numSteps = thirds ? THIRD_STEPS : QUARTER_STEPS;
        sumBit = thirds ? 2 * THIRD_BITS : 3 * QUARTER_BITS;
        taken = (1 << type.bits() - 1) - type.offset();
        codes = new long[mostRows * numSteps + 2 * QUARTER_STEPS - THIRD_STEPS];
        weights = new long[numSteps * STRIP];
    }

    @Override
    void unpackWeights(long at, int to) {
        if (thirds) {
            unpackBytes(at, to);
        } else {
            unpackNibbles(at, to);
        }
    }

    /// Takes two bytes to each field, then one after the other; the last two, to a field each.
    private void unpackBytes(long at, int to) {
        MemorySegment data = weight.data();
        for (int step = 0; step < THIRD_COLUMNS; step += 2) {
            LongVector even = LongVector.zero(LONGS);
            LongVector odd = LongVector.zero(LONGS);
            for (int field = 0; field < 3; field++) {
                int pair = step / 2 + field * (THIRD_COLUMNS / 2);
                int bit = (2 - field) * THIRD_BITS;
                long group = at + (pair >> 1) * (long) GROUP_BYTES;
                LongVector turned =
                        LongVector.fromMemorySegment(LONGS, data, group, STORED)
                                .lanewise(VectorOperators.ROL, bit - (pair & 1) * Short.SIZE);
                even = even.or(turned.and(0xffffL << bit));
                odd =
                        odd.or(
                                turned.lanewise(VectorOperators.ROL, Integer.SIZE)
                                        .and(0xffffL << bit));
            }
            int next = step * STRIP + to;
            even.and(255 * THIRDS).sub(128 * THIRDS).intoArray(weights, next);
            odd.and(255 * THIRDS).sub(128 * THIRDS).intoArray(weights, next + LONG_LANES);
            next += STRIP;
            even.lanewise(VectorOperators.LSHR, Byte.SIZE)
                    .and(255 * THIRDS)
                    .sub(128 * THIRDS)
                    .intoArray(weights, next);
            odd.lanewise(VectorOperators.LSHR, Byte.SIZE)
                    .and(255 * THIRDS)
                    .sub(128 * THIRDS)
                    .intoArray(weights, next + LONG_LANES);
        }
        LongVector last = LongVector.fromMemorySegment(LONGS, data, at + 7 * GROUP_BYTES, STORED);
        for (int v = 0; v < 2; v++) {
            last.lanewise(VectorOperators.ROL, 2 * THIRD_BITS - 16)
                    .and(255L << 2 * THIRD_BITS)
                    .or(last.lanewise(VectorOperators.ROL, THIRD_BITS - 24).and(255L << THIRD_BITS))
                    .sub(128 * (THIRDS - 1))
                    .intoArray(weights, THIRD_COLUMNS * STRIP + to + v * LONG_LANES);
            last = last.lanewise(VectorOperators.ROL, Integer.SIZE);
        }
    }

    /// Takes four columns to each field, then one after the other.
    private void unpackNibbles(long at, int to) {
        for (int first = 0; first < 4; first += 2) {
            LongVector even = LongVector.zero(LONGS);
            LongVector odd = LongVector.zero(LONGS);
            for (int field = 0; field < 4; field++) {
                int bit = (3 - field) * QUARTER_BITS;
                long group = at + field * (long) GROUP_BYTES;
                LongVector turned =
                        LongVector.fromMemorySegment(LONGS, weight.data(), group, STORED)
                                .lanewise(VectorOperators.ROL, bit - first * Byte.SIZE);
                even = even.or(turned.and(0xffffL << bit));
                odd =
                        odd.or(
                                turned.lanewise(VectorOperators.ROL, Integer.SIZE)
                                        .and(0xffffL << bit));
            }
            for (int column = first; column < first + 2; column++) {
                for (int step = column; step < QUARTER_STEPS; step += 4) {
                    int next = step * STRIP + to;
                    even.and(15 * QUARTERS).sub(8 * QUARTERS).intoArray(weights, next);
                    odd.and(15 * QUARTERS).sub(8 * QUARTERS).intoArray(weights, next + LONG_LANES);
                    even = even.lanewise(VectorOperators.LSHR, 4);
                    odd = odd.lanewise(VectorOperators.LSHR, 4);
                }
            }
        }
    }

    @Override
    void widenCodes(long at, int i) {
        if (thirds) {
            widenThirds(at, i * THIRD_STEPS);
        } else {
            widenQuarters(at, i * QUARTER_STEPS);
        }
    }

    private void widenThirds(long at, int to) {
        for (int step = 0; step < THIRD_COLUMNS; step += LONG_LANES) {
            codes(at + step)
                    .add(
                            codes(at + step + THIRD_COLUMNS)
                                    .lanewise(VectorOperators.LSHL, THIRD_BITS))
                    .add(
                            codes(at + step + 2 * THIRD_COLUMNS)
                                    .lanewise(VectorOperators.LSHL, 2 * THIRD_BITS))
                    .intoArray(codes, to + step);
        }
        long last = x.data().get(ValueLayout.JAVA_BYTE, at + 31);
        codes[to + THIRD_COLUMNS] =
                x.data().get(ValueLayout.JAVA_BYTE, at + 30) + (last << THIRD_BITS);
    }

    private void widenQuarters(long at, int to) {
        for (int step = 0; step < QUARTER_STEPS; step += LONG_LANES) {
            codes(at + step)
                    .add(
                            codes(at + step + QUARTER_STEPS)
                                    .lanewise(VectorOperators.LSHL, QUARTER_BITS))
                    .add(
                            codes(at + step + 2 * QUARTER_STEPS)
                                    .lanewise(VectorOperators.LSHL, 2 * QUARTER_BITS))
                    .add(
                            codes(at + step + 3 * QUARTER_STEPS)
                                    .lanewise(VectorOperators.LSHL, 3 * QUARTER_BITS))
                    .intoArray(codes, to + step);
        }
    }

    private LongVector codes(long at) {
        return (LongVector)
                ByteVector.fromMemorySegment(ByteVector.SPECIES_64, x.data(), at, STORED)
                        .convertShape(VectorOperators.B2L, LONGS, 0);
    }

    @Override
    void addFourRows(int i, float[] sums, int to) {
        if (thirds) {
            addFourRowsOfThirds(i, sums, to);
        } else {
            addFourRowsOfQuarters(i, sums, to);
        }
    }

    // The compiler knows the number of steps in both, which saves a twentieth.
    private void addFourRowsOfThirds(int i, float[] sums, int to) {
        addFourRows(i, sums, to, THIRD_STEPS, 2 * THIRD_BITS);
    }

    private void addFourRowsOfQuarters(int i, float[] sums, int to) {
        addFourRows(i, sums, to, QUARTER_STEPS, 3 * QUARTER_BITS);
    }

    /// Sixteen sums in registers.
    ///
    /// @param stride steps of a block
    private void addFourRows(int i, float[] sums, int to, int stride, int sumBit) {
        long[] unpacked = weights;
        long[] widened = codes;
        int at = i * stride;
        int shift = sumBit - Integer.SIZE;
        long half = 1L << (sumBit - 1); // rounds what is below the sum
        LongVector s00 = LongVector.broadcast(LONGS, half);
        LongVector s01 = LongVector.broadcast(LONGS, half);
        LongVector s02 = LongVector.broadcast(LONGS, half);
        LongVector s03 = LongVector.broadcast(LONGS, half);
        LongVector s10 = LongVector.broadcast(LONGS, half);
        LongVector s11 = LongVector.broadcast(LONGS, half);
        LongVector s12 = LongVector.broadcast(LONGS, half);
        LongVector s13 = LongVector.broadcast(LONGS, half);
        LongVector s20 = LongVector.broadcast(LONGS, half);
        LongVector s21 = LongVector.broadcast(LONGS, half);
        LongVector s22 = LongVector.broadcast(LONGS, half);
        LongVector s23 = LongVector.broadcast(LONGS, half);
        LongVector s30 = LongVector.broadcast(LONGS, half);
        LongVector s31 = LongVector.broadcast(LONGS, half);
        LongVector s32 = LongVector.broadcast(LONGS, half);
        LongVector s33 = LongVector.broadcast(LONGS, half);
        for (int k = 0; k < stride; k++) {
            LongVector w0 = LongVector.fromArray(LONGS, unpacked, k * STRIP);
            LongVector w1 = LongVector.fromArray(LONGS, unpacked, k * STRIP + LONG_LANES);
            LongVector w2 = LongVector.fromArray(LONGS, unpacked, k * STRIP + 2 * LONG_LANES);
            LongVector w3 = LongVector.fromArray(LONGS, unpacked, k * STRIP + 3 * LONG_LANES);
            LongVector f = LongVector.broadcast(LONGS, widened[at + k]);
            s00 = s00.add(f.mul(w0));
            s01 = s01.add(f.mul(w1));
            s02 = s02.add(f.mul(w2));
            s03 = s03.add(f.mul(w3));
            f = LongVector.broadcast(LONGS, widened[at + stride + k]);
            s10 = s10.add(f.mul(w0));
            s11 = s11.add(f.mul(w1));
            s12 = s12.add(f.mul(w2));
            s13 = s13.add(f.mul(w3));
            f = LongVector.broadcast(LONGS, widened[at + 2 * stride + k]);
            s20 = s20.add(f.mul(w0));
            s21 = s21.add(f.mul(w1));
            s22 = s22.add(f.mul(w2));
            s23 = s23.add(f.mul(w3));
            f = LongVector.broadcast(LONGS, widened[at + 3 * stride + k]);
            s30 = s30.add(f.mul(w0));
            s31 = s31.add(f.mul(w1));
            s32 = s32.add(f.mul(w2));
            s33 = s33.add(f.mul(w3));
        }
        // Written out: stored here and read by a method, a tile takes a fifth longer.
        FloatVector d00 =
                (FloatVector)
                        s00.lanewise(VectorOperators.LSHR, Integer.SIZE)
                                .or(s01.and(UPPER_HALF))
                                .reinterpretAsInts()
                                .lanewise(VectorOperators.ASHR, shift)
                                .convert(VectorOperators.I2F, 0);
        FloatVector d01 =
                (FloatVector)
                        s02.lanewise(VectorOperators.LSHR, Integer.SIZE)
                                .or(s03.and(UPPER_HALF))
                                .reinterpretAsInts()
                                .lanewise(VectorOperators.ASHR, shift)
                                .convert(VectorOperators.I2F, 0);
        FloatVector d10 =
                (FloatVector)
                        s10.lanewise(VectorOperators.LSHR, Integer.SIZE)
                                .or(s11.and(UPPER_HALF))
                                .reinterpretAsInts()
                                .lanewise(VectorOperators.ASHR, shift)
                                .convert(VectorOperators.I2F, 0);
        FloatVector d11 =
                (FloatVector)
                        s12.lanewise(VectorOperators.LSHR, Integer.SIZE)
                                .or(s13.and(UPPER_HALF))
                                .reinterpretAsInts()
                                .lanewise(VectorOperators.ASHR, shift)
                                .convert(VectorOperators.I2F, 0);
        FloatVector d20 =
                (FloatVector)
                        s20.lanewise(VectorOperators.LSHR, Integer.SIZE)
                                .or(s21.and(UPPER_HALF))
                                .reinterpretAsInts()
                                .lanewise(VectorOperators.ASHR, shift)
                                .convert(VectorOperators.I2F, 0);
        FloatVector d21 =
                (FloatVector)
                        s22.lanewise(VectorOperators.LSHR, Integer.SIZE)
                                .or(s23.and(UPPER_HALF))
                                .reinterpretAsInts()
                                .lanewise(VectorOperators.ASHR, shift)
                                .convert(VectorOperators.I2F, 0);
        FloatVector d30 =
                (FloatVector)
                        s30.lanewise(VectorOperators.LSHR, Integer.SIZE)
                                .or(s31.and(UPPER_HALF))
                                .reinterpretAsInts()
                                .lanewise(VectorOperators.ASHR, shift)
                                .convert(VectorOperators.I2F, 0);
        FloatVector d31 =
                (FloatVector)
                        s32.lanewise(VectorOperators.LSHR, Integer.SIZE)
                                .or(s33.and(UPPER_HALF))
                                .reinterpretAsInts()
                                .lanewise(VectorOperators.ASHR, shift)
                                .convert(VectorOperators.I2F, 0);
        if (hasMinima) {
            d00.add(taken * rowSums[i]).intoArray(dots, 0);
            d01.add(taken * rowSums[i]).intoArray(dots, LANES);
            d10.add(taken * rowSums[i + 1]).intoArray(dots, STRIP);
            d11.add(taken * rowSums[i + 1]).intoArray(dots, STRIP + LANES);
            d20.add(taken * rowSums[i + 2]).intoArray(dots, 2 * STRIP);
            d21.add(taken * rowSums[i + 2]).intoArray(dots, 2 * STRIP + LANES);
            d30.add(taken * rowSums[i + 3]).intoArray(dots, 3 * STRIP);
            d31.add(taken * rowSums[i + 3]).intoArray(dots, 3 * STRIP + LANES);
            addWithMinima(i, TILE_ROWS, sums, to);
            return;
        }
        FloatVector scale0 = FloatVector.fromArray(FLOATS, scales, 0);
        FloatVector scale1 = FloatVector.fromArray(FLOATS, scales, LANES);
        int at0 = to;
        int at1 = to + LANES;
        float scale = rowScales[i];
        d00.fma(scale0.mul(scale), FloatVector.fromArray(FLOATS, sums, at0)).intoArray(sums, at0);
        d01.fma(scale1.mul(scale), FloatVector.fromArray(FLOATS, sums, at1)).intoArray(sums, at1);
        at0 += STRIP;
        at1 += STRIP;
        scale = rowScales[i + 1];
        d10.fma(scale0.mul(scale), FloatVector.fromArray(FLOATS, sums, at0)).intoArray(sums, at0);
        d11.fma(scale1.mul(scale), FloatVector.fromArray(FLOATS, sums, at1)).intoArray(sums, at1);
        at0 += STRIP;
        at1 += STRIP;
        scale = rowScales[i + 2];
        d20.fma(scale0.mul(scale), FloatVector.fromArray(FLOATS, sums, at0)).intoArray(sums, at0);
        d21.fma(scale1.mul(scale), FloatVector.fromArray(FLOATS, sums, at1)).intoArray(sums, at1);
        at0 += STRIP;
        at1 += STRIP;
        scale = rowScales[i + 3];
        d30.fma(scale0.mul(scale), FloatVector.fromArray(FLOATS, sums, at0)).intoArray(sums, at0);
        d31.fma(scale1.mul(scale), FloatVector.fromArray(FLOATS, sums, at1)).intoArray(sums, at1);
    }

    @Override
    void addRow(int i, float[] sums, int to) {
        int at = i * numSteps;
        int shift = sumBit - Integer.SIZE;
        long half = 1L << (sumBit - 1);
        LongVector s0 = LongVector.broadcast(LONGS, half);
        LongVector s1 = LongVector.broadcast(LONGS, half);
        LongVector s2 = LongVector.broadcast(LONGS, half);
        LongVector s3 = LongVector.broadcast(LONGS, half);
        for (int k = 0; k < numSteps; k++) {
            LongVector f = LongVector.broadcast(LONGS, codes[at + k]);
            s0 = s0.add(f.mul(LongVector.fromArray(LONGS, weights, k * STRIP)));
            s1 = s1.add(f.mul(LongVector.fromArray(LONGS, weights, k * STRIP + LONG_LANES)));
            s2 = s2.add(f.mul(LongVector.fromArray(LONGS, weights, k * STRIP + 2 * LONG_LANES)));
            s3 = s3.add(f.mul(LongVector.fromArray(LONGS, weights, k * STRIP + 3 * LONG_LANES)));
        }
        FloatVector d0 =
                (FloatVector)
                        s0.lanewise(VectorOperators.LSHR, Integer.SIZE)
                                .or(s1.and(UPPER_HALF))
                                .reinterpretAsInts()
                                .lanewise(VectorOperators.ASHR, shift)
                                .convert(VectorOperators.I2F, 0);
        FloatVector d1 =
                (FloatVector)
                        s2.lanewise(VectorOperators.LSHR, Integer.SIZE)
                                .or(s3.and(UPPER_HALF))
                                .reinterpretAsInts()
                                .lanewise(VectorOperators.ASHR, shift)
                                .convert(VectorOperators.I2F, 0);
        if (hasMinima) {
            d0.add(taken * rowSums[i]).intoArray(dots, 0);
            d1.add(taken * rowSums[i]).intoArray(dots, LANES);
            addWithMinima(i, 1, sums, to);
            return;
        }
        float scale = rowScales[i];
        FloatVector scale0 = FloatVector.fromArray(FLOATS, scales, 0).mul(scale);
        d0.fma(scale0, FloatVector.fromArray(FLOATS, sums, to)).intoArray(sums, to);
        FloatVector scale1 = FloatVector.fromArray(FLOATS, scales, LANES).mul(scale);
        int at1 = to + LANES;
        d1.fma(scale1, FloatVector.fromArray(FLOATS, sums, at1)).intoArray(sums, at1);
    }
}
