package io.moonglass.tensor;

import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.INTS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.Lanes.floats;
import static io.moonglass.tensor.PanelMatrix.GROUP_BYTES;
import static io.moonglass.tensor.PanelMatrix.PANEL_ROWS;
import static io.moonglass.tensor.QuantizedRows.BLOCK_COLUMNS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// Products with quantised panels, of [VectorKernels].
///
/// There is no 8-bit dot product in the Vector API, so whole numbers are computed with as floats: a
/// block's sum stays below 2^24 and is exact in any order, and so the results are those of the
/// other kernels, bit for bit.
final class VectorPanels {

    private static final ValueLayout.OfFloat SCALE = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfInt SUM = ValueLayout.JAVA_INT_UNALIGNED;

    /// Rows that share one unpacking of a block.
    private static final int ROW_BLOCK = 64;

    /// Up to here, rows are computed one by one.
    private static final int SINGLE_ROWS = 3;

    /// Rows and vectors of a register tile.
    private static final int TILE_ROWS = 4;

    private static final int TILE_VECTORS = 2;
    private static final int STRIP = TILE_VECTORS * LANES;

    /// A block of a strip, unpacked.
    ///
    /// @param weights column by column
    /// @param dots    scratch: products of up to four rows
    private record Strip(
            float[] weights, float[] scales, float[] minima, boolean hasMinima, float[] dots) {}

    private VectorPanels() {}

    static void quantize(FloatMatrix x, QuantizedRows out) {
        int whole = x.numColumns() / BLOCK_COLUMNS;
        for (int row = 0; row < x.numRows(); row++) {
            for (int block = 0; block < whole; block++) {
                quantizeBlock(x, out, row, block);
            }
            if (whole < out.numBlocks()) {
                ScalarKernels.quantizeBlock(x, out, row, whole);
            }
        }
    }

    private static void quantizeBlock(FloatMatrix x, QuantizedRows out, int row, int block) {
        long from = ((long) row * x.numColumns() + block * BLOCK_COLUMNS) * Float.BYTES;
        IntVector most = IntVector.zero(INTS); // floats without a sign are as large as their bits
        for (int i = 0; i < BLOCK_COLUMNS; i += LANES) {
            FloatVector values = floats(x.data(), from + i * 4L);
            most = most.max(values.reinterpretAsInts().and(Integer.MAX_VALUE));
        }
        float largest = Float.intBitsToFloat(most.reduceLanes(VectorOperators.MAX));
        float inverse = largest == 0 ? 0 : QuantizedRows.LARGEST / largest;
        long at = out.blockOffset(row, block);
        if (!Float.isFinite(largest) || !Float.isFinite(inverse)) {
            ScalarKernels.quantizeBlock(x, out, row, block);
            return;
        }
        IntVector sums = IntVector.zero(INTS);
        for (int i = 0; i < BLOCK_COLUMNS; i += LANES) {
            IntVector codes = Lanes.rounded(floats(x.data(), from + i * 4L).mul(inverse));
            Lanes.storeBytes(codes, out.data(), at + i);
            sums = sums.add(codes);
        }
        int sum = sums.reduceLanes(VectorOperators.ADD);
        out.data().set(SCALE, at + QuantizedRows.SCALE, largest / QuantizedRows.LARGEST);
        out.data().set(SUM, at + QuantizedRows.SUM, sum);
    }

    /// Columns of `out` are taken in strips of two vectors. A strip that ends beyond the last panel computes
    /// the one before it once more.
    static void linear(
            QuantizedRows x, PanelMatrix weight, FloatMatrix out, int fromPanel, int toPanel) {
        int first = fromPanel * PANEL_ROWS;
        int last = toPanel * PANEL_ROWS;
        if (first == last) {
            return;
        }
        if (x.numRows() <= SINGLE_ROWS) {
            for (int row = 0; row < x.numRows(); row++) {
                VectorPanelRow.linear(x, row, weight, out, fromPanel, toPanel);
            }
            return;
        }
        Strip strip =
                new Strip(
                        new float[BLOCK_COLUMNS * STRIP],
                        new float[STRIP],
                        new float[STRIP],
                        weight.type().hasMinima(),
                        new float[TILE_ROWS * STRIP]);
        float[] codes = new float[Math.min(x.numRows(), ROW_BLOCK) * BLOCK_COLUMNS];
        float[] sums = new float[Math.min(x.numRows(), ROW_BLOCK) * STRIP];
        int end =
                Math.min(last, weight.numRows()); // a whole strip may lie in rows that fill a panel
        for (int column = first; column < end; column += STRIP) {
            for (int row = 0; row < x.numRows(); row += ROW_BLOCK) {
                int numRows = Math.min(ROW_BLOCK, x.numRows() - row);
                Arrays.fill(sums, 0);
                for (int block = 0; block < weight.numBlocks(); block++) {
                    unpack(weight, column, last, block, strip);
                    for (int i = 0; i < numRows; i++) {
                        widen(x, row + i, block, codes, i * BLOCK_COLUMNS);
                    }
                    int i = 0;
                    for (; i + TILE_ROWS <= numRows; i += TILE_ROWS) {
                        addFourRows(strip, codes, i, x, row, block, sums);
                    }
                    for (; i < numRows; i++) {
                        addRow(strip, codes, i, x, row, block, sums);
                    }
                }
                int kept = Math.min(STRIP, end - column);
                for (int i = 0; i < numRows; i++) {
                    long to = ((long) (row + i) * out.numColumns() + column) * Float.BYTES;
                    MemorySegment.copy(
                            sums, i * STRIP, out.data(), ValueLayout.JAVA_FLOAT, to, kept);
                }
            }
        }
    }

    private static void unpack(PanelMatrix weight, int column, int last, int block, Strip strip) {
        for (int v = 0; v < TILE_VECTORS; v++) {
            int lane = Math.min(column + v * LANES, last - LANES);
            int panel = lane / PANEL_ROWS;
            int inPanel = lane % PANEL_ROWS;
            long at = weight.blockOffset(panel, block) + inPanel * 4L;
            switch (weight.type()) {
                case Q4 -> unpackNibbles(weight.data(), at, 8, strip.weights, v * LANES);
                case Q8 -> unpackBytes(weight.data(), at, strip.weights, v * LANES);
                case Q4A -> unpackNibbles(weight.data(), at, 0, strip.weights, v * LANES);
            }
            long scale = weight.scaleOffset(panel, block) + inPanel * 2L;
            Lanes.halves(weight.data(), scale).intoArray(strip.scales, v * LANES);
            if (strip.hasMinima) {
                long minimum = weight.minimumOffset(panel, block) + inPanel * 2L;
                Lanes.halves(weight.data(), minimum).intoArray(strip.minima, v * LANES);
            }
        }
    }

    private static void unpackNibbles(
            MemorySegment data, long at, int offset, float[] unpacked, int to) {
        for (int group = 0; group < 4; group++) {
            IntVector words = Lanes.storedInts(data, at + group * GROUP_BYTES);
            int column = to + 8 * group * STRIP;
            for (int i = 0; i < 4; i++) {
                unpackOne(words, 8 * i, 15, offset, unpacked, column + i * STRIP);
                unpackOne(words, 8 * i + 4, 15, offset, unpacked, column + (4 + i) * STRIP);
            }
        }
    }

    private static void unpackBytes(MemorySegment data, long at, float[] unpacked, int to) {
        for (int group = 0; group < 8; group++) {
            IntVector words = Lanes.storedInts(data, at + group * GROUP_BYTES);
            int column = to + 4 * group * STRIP;
            for (int i = 0; i < 4; i++) {
                unpackOne(words, 8 * i, 255, 128, unpacked, column + i * STRIP);
            }
        }
    }

    private static void unpackOne(
            IntVector words, int shift, int mask, int offset, float[] unpacked, int to) {
        IntVector codes = words.lanewise(VectorOperators.LSHR, shift).and(mask).sub(offset);
        ((FloatVector) codes.convert(VectorOperators.I2F, 0)).intoArray(unpacked, to);
    }

    private static void widen(QuantizedRows x, int row, int block, float[] codes, int to) {
        long at = x.blockOffset(row, block);
        for (int i = 0; i < BLOCK_COLUMNS; i += LANES) {
            Lanes.bytes(x.data(), at + i).intoArray(codes, to + i);
        }
    }

    /// Four rows by two vectors: eight sums in registers.
    private static void addFourRows(
            Strip strip,
            float[] codes,
            int i,
            QuantizedRows x,
            int firstRow,
            int block,
            float[] sums) {
        float[] unpacked = strip.weights;
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
            FloatVector f = FloatVector.broadcast(FLOATS, codes[at + k]);
            s00 = f.fma(w0, s00);
            s01 = f.fma(w1, s01);
            f = FloatVector.broadcast(FLOATS, codes[at + BLOCK_COLUMNS + k]);
            s10 = f.fma(w0, s10);
            s11 = f.fma(w1, s11);
            f = FloatVector.broadcast(FLOATS, codes[at + 2 * BLOCK_COLUMNS + k]);
            s20 = f.fma(w0, s20);
            s21 = f.fma(w1, s21);
            f = FloatVector.broadcast(FLOATS, codes[at + 3 * BLOCK_COLUMNS + k]);
            s30 = f.fma(w0, s30);
            s31 = f.fma(w1, s31);
        }
        if (strip.hasMinima) {
            s00.intoArray(strip.dots, 0);
            s01.intoArray(strip.dots, LANES);
            s10.intoArray(strip.dots, STRIP);
            s11.intoArray(strip.dots, STRIP + LANES);
            s20.intoArray(strip.dots, 2 * STRIP);
            s21.intoArray(strip.dots, 2 * STRIP + LANES);
            s30.intoArray(strip.dots, 3 * STRIP);
            s31.intoArray(strip.dots, 3 * STRIP + LANES);
            addWithMinima(strip, x, firstRow + i, TILE_ROWS, block, sums, i * STRIP);
            return;
        }
        FloatVector scale0 = FloatVector.fromArray(FLOATS, strip.scales, 0);
        FloatVector scale1 = FloatVector.fromArray(FLOATS, strip.scales, LANES);
        int to = i * STRIP;
        float scale = scaleOf(x, firstRow + i, block);
        s00.fma(scale0.mul(scale), FloatVector.fromArray(FLOATS, sums, to)).intoArray(sums, to);
        to += LANES;
        s01.fma(scale1.mul(scale), FloatVector.fromArray(FLOATS, sums, to)).intoArray(sums, to);
        to += LANES;
        scale = scaleOf(x, firstRow + i + 1, block);
        s10.fma(scale0.mul(scale), FloatVector.fromArray(FLOATS, sums, to)).intoArray(sums, to);
        to += LANES;
        s11.fma(scale1.mul(scale), FloatVector.fromArray(FLOATS, sums, to)).intoArray(sums, to);
        to += LANES;
        scale = scaleOf(x, firstRow + i + 2, block);
        s20.fma(scale0.mul(scale), FloatVector.fromArray(FLOATS, sums, to)).intoArray(sums, to);
        to += LANES;
        s21.fma(scale1.mul(scale), FloatVector.fromArray(FLOATS, sums, to)).intoArray(sums, to);
        to += LANES;
        scale = scaleOf(x, firstRow + i + 3, block);
        s30.fma(scale0.mul(scale), FloatVector.fromArray(FLOATS, sums, to)).intoArray(sums, to);
        to += LANES;
        s31.fma(scale1.mul(scale), FloatVector.fromArray(FLOATS, sums, to)).intoArray(sums, to);
    }

    private static void addRow(
            Strip strip,
            float[] codes,
            int i,
            QuantizedRows x,
            int firstRow,
            int block,
            float[] sums) {
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = FloatVector.zero(FLOATS);
        for (int k = 0; k < BLOCK_COLUMNS; k++) {
            FloatVector f = FloatVector.broadcast(FLOATS, codes[i * BLOCK_COLUMNS + k]);
            s0 = f.fma(FloatVector.fromArray(FLOATS, strip.weights, k * STRIP), s0);
            s1 = f.fma(FloatVector.fromArray(FLOATS, strip.weights, k * STRIP + LANES), s1);
        }
        if (strip.hasMinima) {
            s0.intoArray(strip.dots, 0);
            s1.intoArray(strip.dots, LANES);
            addWithMinima(strip, x, firstRow + i, 1, block, sums, i * STRIP);
            return;
        }
        float scale = scaleOf(x, firstRow + i, block);
        int to = i * STRIP;
        FloatVector scale0 = FloatVector.fromArray(FLOATS, strip.scales, 0).mul(scale);
        s0.fma(scale0, FloatVector.fromArray(FLOATS, sums, to)).intoArray(sums, to);
        to += LANES;
        FloatVector scale1 = FloatVector.fromArray(FLOATS, strip.scales, LANES).mul(scale);
        s1.fma(scale1, FloatVector.fromArray(FLOATS, sums, to)).intoArray(sums, to);
    }

    /// Adds rows' products with a block that has minima to what the blocks before gave.
    ///
    /// @param to where the first row has its sums
    private static void addWithMinima(
            Strip strip,
            QuantizedRows x,
            int firstRow,
            int numRows,
            int block,
            float[] sums,
            int to) {
        for (int v = 0; v < STRIP; v += LANES) {
            FloatVector scale = FloatVector.fromArray(FLOATS, strip.scales, v);
            FloatVector minimum = FloatVector.fromArray(FLOATS, strip.minima, v);
            for (int i = 0; i < numRows; i++) {
                int at = to + i * STRIP + v;
                int rowSum =
                        x.data().get(SUM, x.blockOffset(firstRow + i, block) + QuantizedRows.SUM);
                FloatVector.fromArray(FLOATS, strip.dots, i * STRIP + v)
                        .fma(scale, minimum.mul(rowSum))
                        .fma(
                                FloatVector.broadcast(FLOATS, scaleOf(x, firstRow + i, block)),
                                FloatVector.fromArray(FLOATS, sums, at))
                        .intoArray(sums, at);
            }
        }
    }

    private static float scaleOf(QuantizedRows x, int row, int block) {
        return x.data().get(SCALE, x.blockOffset(row, block) + QuantizedRows.SCALE);
    }
}
