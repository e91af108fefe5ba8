package io.moonglass.tensor;

import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.Lanes.MACHINE;
import static io.moonglass.tensor.PanelMatrix.PANEL_ROWS;

import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// Products of many rows with quantised panels, of [VectorKernels].
///
/// There is no 8-bit dot product in the Vector API. How whole numbers are multiplied instead is for the
/// two kinds to say; a block's sum is exact in both, and so the results are those of the other kernels,
/// bit for bit.
abstract sealed class VectorPanelTiles permits VectorFloatTiles, VectorLongTiles {

    private static final ValueLayout.OfFloat SCALE = ValueLayout.JAVA_FLOAT_UNALIGNED;

    /// Rows that share one unpacking of a block.
    private static final int ROW_BLOCK = 384;

    /// Strips that share one widening of rows; their sums stay in the second-level cache.
    private static final int MOST_STRIPS = 8;

    /// Rows and vectors of a register tile.
    static final int TILE_ROWS = 4;

    private static final int TILE_VECTORS = 2;
    static final int STRIP = TILE_VECTORS * LANES;

    final QuantizedRows x;
    final PanelMatrix weight;
    final boolean hasMinima;

    /// Of a block of rows.
    final int mostRows;

    final float[] rowScales;
    final float[] rowSums;

    /// Of a block of a strip.
    final float[] scales = new float[STRIP];

    private final float[] minima = new float[STRIP];

    /// Products of up to four rows.
    final float[] dots = new float[TILE_ROWS * STRIP];

    VectorPanelTiles(QuantizedRows x, PanelMatrix weight) {
        this.x = x;
        this.weight = weight;
        this.hasMinima = weight.type().hasMinima();
        this.mostRows = Math.min(x.numRows(), ROW_BLOCK);
        this.rowScales = new float[mostRows];
        this.rowSums = new float[mostRows];
    }

    /// The kind that is faster on this processor.
    static VectorPanelTiles of(QuantizedRows x, PanelMatrix weight) {
        return VectorLongTiles.FASTER
                ? new VectorLongTiles(x, weight)
                : new VectorFloatTiles(x, weight);
    }

    /// Columns of `out` are taken in strips of two vectors. A strip that ends beyond the last panel computes
    /// the one before it once more.
    final void linear(FloatMatrix out, int fromPanel, int toPanel) {
        int last = toPanel * PANEL_ROWS;
        // A whole strip may lie in rows that fill a panel.
        int end = Math.min(last, weight.numRows());
        int numStrips = Math.min(MOST_STRIPS, (end - fromPanel * PANEL_ROWS + STRIP - 1) / STRIP);
        float[] sums = new float[numStrips * mostRows * STRIP];
        for (int column = fromPanel * PANEL_ROWS; column < end; column += numStrips * STRIP) {
            int to = Math.min(column + numStrips * STRIP, end);
            for (int row = 0; row < x.numRows(); row += mostRows) {
                int numRows = Math.min(mostRows, x.numRows() - row);
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
        for (int v = 0; v < STRIP; v += LANES) {
            int lane = Math.min(column + v, last - LANES);
            int panel = lane / PANEL_ROWS;
            int inPanel = lane % PANEL_ROWS;
            unpackWeights(weight.blockOffset(panel, block) + inPanel * 4L, v);
            long scale = weight.scaleOffset(panel, block) + inPanel * 2L;
            Lanes.halves(weight.data(), scale).intoArray(scales, v);
            if (hasMinima) {
                long minimum = weight.minimumOffset(panel, block) + inPanel * 2L;
                Lanes.halves(weight.data(), minimum).intoArray(minima, v);
            }
        }
    }

    /// Unpacks the weights of a block, a vector of columns.
    ///
    /// @param at where they are stored
    /// @param to the first of the strip's columns that they belong to
    abstract void unpackWeights(long at, int to);

    private void widen(int row, int numRows, int block) {
        long at = x.blockOffset(row, block);
        long next = x.blockOffset(1, 0);
        for (int i = 0; i < numRows; i++) {
            widenCodes(at, i);
            rowScales[i] = x.data().get(SCALE, at + QuantizedRows.SCALE);
            rowSums[i] = x.sum(at);
            at += next;
        }
    }

    /// Widens the numbers of a row's block, rows in their order.
    ///
    /// @param at where they are stored
    /// @param i  the row, of the block of rows
    abstract void widenCodes(long at, int i);

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

    /// Four rows by two vectors.
    ///
    /// @param i the first row, of the block of rows
    abstract void addFourRows(int i, float[] sums, int to);

    abstract void addRow(int i, float[] sums, int to);

    /// Adds [#dots] with the minima's part.
    final void addWithMinima(int first, int numRows, float[] sums, int to) {
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
