package io.moonglass.tensor;

import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.PanelMatrix.GROUP_BYTES;
import static io.moonglass.tensor.QuantizedRows.BLOCK_COLUMNS;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// [VectorPanelTiles] that compute with whole numbers as floats: a block's sum stays below 2^24.
final class VectorFloatTiles extends VectorPanelTiles {

    /// 2^23: a float whose lowest bit is 1.
    private static final int CODE_BITS = 0x4b000000;

    /// A block of rows.
    private final float[] codes = new float[mostRows * BLOCK_COLUMNS];

    /// A block of a strip, column by column.
    private final float[] weights = new float[BLOCK_COLUMNS * STRIP];

    VectorFloatTiles(QuantizedRows x, PanelMatrix weight) {
        super(x, weight);
    }

    @Override
    void unpackWeights(long at, int to) {
        int offset = weight.type().offset();
        switch (weight.type()) {
            case Q4, Q4A -> unpackNibbles(at, offset, to);
            case Q8 -> unpackBytes(at, offset, to);
        }
    }

    private void unpackNibbles(long at, int offset, int to) {
        for (int group = 0; group < BLOCK_COLUMNS / 8; group++) {
            IntVector words = Lanes.storedInts(weight.data(), at + group * GROUP_BYTES);
            int column = to + 8 * group * STRIP;
            for (int i = 0; i < 4; i++) {
                unpackOne(words, 8 * i, 15, offset, column + i * STRIP);
                unpackOne(words, 8 * i + 4, 15, offset, column + (4 + i) * STRIP);
            }
        }
    }

    private void unpackBytes(long at, int offset, int to) {
        for (int group = 0; group < BLOCK_COLUMNS / 4; group++) {
            IntVector words = Lanes.storedInts(weight.data(), at + group * GROUP_BYTES);
            int column = to + 4 * group * STRIP;
            unpackOne(words, 0, 255, offset, column);
            unpackOne(words, 8, 255, offset, column + STRIP);
            unpackOne(words, 16, 255, offset, column + 2 * STRIP);
            unpackOne(words, 24, 255, offset, column + 3 * STRIP);
        }
    }

    /// A code becomes the low bits of a float with this exponent.
    private void unpackOne(IntVector words, int shift, int mask, int offset, int to) {
        words.lanewise(VectorOperators.LSHR, shift)
                .and(mask)
                .or(CODE_BITS)
                .reinterpretAsFloats()
                .sub(Float.intBitsToFloat(CODE_BITS | offset))
                .intoArray(weights, to);
    }

    @Override
    void widenCodes(long at, int i) {
        for (int k = 0; k < BLOCK_COLUMNS; k += LANES) {
            Lanes.bytes(x.data(), at + k).intoArray(codes, i * BLOCK_COLUMNS + k);
        }
    }

    /// Eight sums in registers.
    @Override
    void addFourRows(int i, float[] sums, int to) {
        float[] unpacked = weights;
        float[] widened = codes;
        int at = i * BLOCK_COLUMNS;
        FloatVector s00 = FloatVector.zero(FLOATS);
        FloatVector s01 = FloatVector.zero(FLOATS);
        FloatVector s10 = FloatVector.zero(FLOATS);
        FloatVector s11 = FloatVector.zero(FLOATS);
        FloatVector s20 = FloatVector.zero(FLOATS);
        FloatVector s21 = FloatVector.zero(FLOATS);
        FloatVector s30 = FloatVector.zero(FLOATS);
        FloatVector s31 = FloatVector.zero(FLOATS);
        for (int k = 0; k < BLOCK_COLUMNS; k++) {
            FloatVector w0 = FloatVector.fromArray(FLOATS, unpacked, k * STRIP);
            FloatVector w1 = FloatVector.fromArray(FLOATS, unpacked, k * STRIP + LANES);
            FloatVector f = FloatVector.broadcast(FLOATS, widened[at + k]);
            s00 = f.fma(w0, s00);
            s01 = f.fma(w1, s01);
            f = FloatVector.broadcast(FLOATS, widened[at + BLOCK_COLUMNS + k]);
            s10 = f.fma(w0, s10);
            s11 = f.fma(w1, s11);
            f = FloatVector.broadcast(FLOATS, widened[at + 2 * BLOCK_COLUMNS + k]);
            s20 = f.fma(w0, s20);
            s21 = f.fma(w1, s21);
            f = FloatVector.broadcast(FLOATS, widened[at + 3 * BLOCK_COLUMNS + k]);
            s30 = f.fma(w0, s30);
            s31 = f.fma(w1, s31);
        }
        if (hasMinima) {
            s00.intoArray(dots, 0);
            s01.intoArray(dots, LANES);
            s10.intoArray(dots, STRIP);
            s11.intoArray(dots, STRIP + LANES);
            s20.intoArray(dots, 2 * STRIP);
            s21.intoArray(dots, 2 * STRIP + LANES);
            s30.intoArray(dots, 3 * STRIP);
            s31.intoArray(dots, 3 * STRIP + LANES);
            addWithMinima(i, TILE_ROWS, sums, to);
            return;
        }
        FloatVector scale0 = FloatVector.fromArray(FLOATS, scales, 0);
        FloatVector scale1 = FloatVector.fromArray(FLOATS, scales, LANES);
        int at0 = to;
        int at1 = to + LANES;
        float scale = rowScales[i];
        s00.fma(scale0.mul(scale), FloatVector.fromArray(FLOATS, sums, at0)).intoArray(sums, at0);
        s01.fma(scale1.mul(scale), FloatVector.fromArray(FLOATS, sums, at1)).intoArray(sums, at1);
        at0 += STRIP;
        at1 += STRIP;
        scale = rowScales[i + 1];
        s10.fma(scale0.mul(scale), FloatVector.fromArray(FLOATS, sums, at0)).intoArray(sums, at0);
        s11.fma(scale1.mul(scale), FloatVector.fromArray(FLOATS, sums, at1)).intoArray(sums, at1);
        at0 += STRIP;
        at1 += STRIP;
        scale = rowScales[i + 2];
        s20.fma(scale0.mul(scale), FloatVector.fromArray(FLOATS, sums, at0)).intoArray(sums, at0);
        s21.fma(scale1.mul(scale), FloatVector.fromArray(FLOATS, sums, at1)).intoArray(sums, at1);
        at0 += STRIP;
        at1 += STRIP;
        scale = rowScales[i + 3];
        s30.fma(scale0.mul(scale), FloatVector.fromArray(FLOATS, sums, at0)).intoArray(sums, at0);
        s31.fma(scale1.mul(scale), FloatVector.fromArray(FLOATS, sums, at1)).intoArray(sums, at1);
    }

    @Override
    void addRow(int i, float[] sums, int to) {
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = FloatVector.zero(FLOATS);
        for (int k = 0; k < BLOCK_COLUMNS; k++) {
            FloatVector f = FloatVector.broadcast(FLOATS, codes[i * BLOCK_COLUMNS + k]);
            s0 = f.fma(FloatVector.fromArray(FLOATS, weights, k * STRIP), s0);
            s1 = f.fma(FloatVector.fromArray(FLOATS, weights, k * STRIP + LANES), s1);
        }
        if (hasMinima) {
            s0.intoArray(dots, 0);
            s1.intoArray(dots, LANES);
            addWithMinima(i, 1, sums, to);
            return;
        }
        float scale = rowScales[i];
        FloatVector scale0 = FloatVector.fromArray(FLOATS, scales, 0).mul(scale);
        s0.fma(scale0, FloatVector.fromArray(FLOATS, sums, to)).intoArray(sums, to);
        FloatVector scale1 = FloatVector.fromArray(FLOATS, scales, LANES).mul(scale);
        int at1 = to + LANES;
        s1.fma(scale1, FloatVector.fromArray(FLOATS, sums, at1)).intoArray(sums, at1);
    }
}
