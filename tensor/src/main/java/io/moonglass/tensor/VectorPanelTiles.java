package io.moonglass.tensor;

import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.Lanes.MACHINE;
import static io.moonglass.tensor.PanelMatrix.GROUP_BYTES;
import static io.moonglass.tensor.PanelMatrix.PANEL_ROWS;
import static io.moonglass.tensor.QuantizedRows.BLOCK_COLUMNS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// Products of many rows with quantised panels, of [VectorKernels].
///
/// There is no 8-bit dot product in the Vector API, so whole numbers are computed with as floats: a
/// block's sum stays below 2^24 and is exact in any order, and so the results are those of the
/// other kernels, bit for bit.
final class VectorPanelTiles {

    private static final ValueLayout.OfFloat SCALE = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfInt SUM = ValueLayout.JAVA_INT_UNALIGNED;

    /// Rows that share one unpacking of a block.
    private static final int ROW_BLOCK = 384;

    /// Strips that share one widening of rows; their sums stay in the second-level cache.
    private static final int MOST_STRIPS = 8;

    /// Rows and vectors of a register tile.
    private static final int TILE_ROWS = 4;

    private static final int TILE_VECTORS = 2;
    private static final int STRIP = TILE_VECTORS * LANES;

    /// 2^23: a float whose lowest bit is 1.
    private static final int CODE_BITS = 0x4b000000;

    private final QuantizedRows x;
    private final PanelMatrix weight;
    private final boolean hasMinima;

    /// A block of rows: codes, scales and sums of codes.
    private final float[] codes;

    private final float[] rowScales;
    private final float[] rowSums;

    /// A block of a strip, unpacked column by column.
    private final float[] weights = new float[BLOCK_COLUMNS * STRIP];

    private final float[] scales = new float[STRIP];
    private final float[] minima = new float[STRIP];

    /// Products of up to four rows.
    private final float[] dots = new float[TILE_ROWS * STRIP];

    VectorPanelTiles(QuantizedRows x, PanelMatrix weight) {
        this.x = x;
        this.weight = weight;
        this.hasMinima = weight.type().hasMinima();
        int numRows = Math.min(x.numRows(), ROW_BLOCK);
        this.codes = new float[numRows * BLOCK_COLUMNS];
        this.rowScales = new float[numRows];
        this.rowSums = new float[numRows];
    }

    /// Columns of `out` are taken in strips of two vectors. A strip that ends beyond the last panel computes
    /// the one before it once more.
    void linear(FloatMatrix out, int fromPanel, int toPanel) {
        int last = toPanel * PANEL_ROWS;
        // A whole strip may lie in rows that fill a panel.
        int end = Math.min(last, weight.numRows());
        int numStrips = Math.min(MOST_STRIPS, (end - fromPanel * PANEL_ROWS + STRIP - 1) / STRIP);
        float[] sums = new float[numStrips * Math.min(x.numRows(), ROW_BLOCK) * STRIP];
        for (int column = fromPanel * PANEL_ROWS; column < end; column += numStrips * STRIP) {
            int to = Math.min(column + numStrips * STRIP, end);
            for (int row = 0; row < x.numRows(); row += ROW_BLOCK) {
                int numRows = Math.min(ROW_BLOCK, x.numRows() - row);
                Arrays.fill(sums, 0);
                for (int block = 0; block < weight.numBlocks(); block++) {
                    widen(row, numRows, block);
                    int at = 0;
                    for (int strip = column; strip < to; strip += STRIP) {
                        unpack(strip, last, block);
                        multiply(numRows, sums, at);
                        at += numRows * STRIP;
                    }
                }
                store(sums, row, numRows, column, to, out);
            }
        }
    }

    private static void store(
            float[] sums, int row, int numRows, int from, int to, FloatMatrix out) {
        int at = 0;
        for (int strip = from; strip < to; strip += STRIP) {
            int kept = Math.min(STRIP, to - strip);
            long target = ((long) row * out.numColumns() + strip) * Float.BYTES;
            for (int i = 0; i < numRows; i++) {
                int k = 0;
                for (; k < FLOATS.loopBound(kept); k += LANES) {
                    FloatVector.fromArray(FLOATS, sums, at + k)
                            .intoMemorySegment(out.data(), target + k * 4L, MACHINE);
                }
                for (; k < kept; k++) {
                    out.data().set(ValueLayout.JAVA_FLOAT, target + k * 4L, sums[at + k]);
                }
                target += (long) out.numColumns() * Float.BYTES;
                at += STRIP;
            }
        }
    }

    private void unpack(int column, int last, int block) {
        int offset = weight.type().offset();
        for (int v = 0; v < STRIP; v += LANES) {
            int lane = Math.min(column + v, last - LANES);
            int panel = lane / PANEL_ROWS;
            int inPanel = lane % PANEL_ROWS;
            long at = weight.blockOffset(panel, block) + inPanel * 4L;
            switch (weight.type()) {
                case Q4, Q4A -> unpackNibbles(at, offset, v);
                case Q8 -> unpackBytes(at, offset, v);
            }
            long scale = weight.scaleOffset(panel, block) + inPanel * 2L;
            Lanes.halves(weight.data(), scale).intoArray(scales, v);
            if (hasMinima) {
                long minimum = weight.minimumOffset(panel, block) + inPanel * 2L;
                Lanes.halves(weight.data(), minimum).intoArray(minima, v);
            }
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

    private void widen(int row, int numRows, int block) {
        MemorySegment data = x.data();
        long at = x.blockOffset(row, block);
        long next = x.blockOffset(1, 0);
        int to = 0;
        for (int i = 0; i < numRows; i++) {
            for (int k = 0; k < BLOCK_COLUMNS; k += LANES) {
                Lanes.bytes(data, at + k).intoArray(codes, to + k);
            }
            rowScales[i] = data.get(SCALE, at + QuantizedRows.SCALE);
            rowSums[i] = data.get(SUM, at + QuantizedRows.SUM);
            to += BLOCK_COLUMNS;
            at += next;
        }
    }

    /// Adds rows' products with a block of a strip to what the blocks before gave.
    ///
    /// @param at where the first row has its sums
    private void multiply(int numRows, float[] sums, int at) {
        int i = 0;
        for (; i + TILE_ROWS <= numRows; i += TILE_ROWS) {
            addFourRows(i, sums, at + i * STRIP);
        }
        for (; i < numRows; i++) {
            addRow(i, sums, at + i * STRIP);
        }
    }

    /// Four rows by two vectors: eight sums in registers.
    ///
    /// @param i the first row, of the block of rows
    private void addFourRows(int i, float[] sums, int to) {
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

    private void addRow(int i, float[] sums, int to) {
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

    private void addWithMinima(int first, int numRows, float[] sums, int to) {
        for (int v = 0; v < STRIP; v += LANES) {
            FloatVector scale = FloatVector.fromArray(FLOATS, scales, v);
            FloatVector minimum = FloatVector.fromArray(FLOATS, minima, v);
            for (int i = 0; i < numRows; i++) {
                int at = to + i * STRIP + v;
                FloatVector.fromArray(FLOATS, dots, i * STRIP + v)
                        .fma(scale, minimum.mul(rowSums[first + i]))
                        .fma(
                                FloatVector.broadcast(FLOATS, rowScales[first + i]),
                                FloatVector.fromArray(FLOATS, sums, at))
                        .intoArray(sums, at);
            }
        }
    }
}
