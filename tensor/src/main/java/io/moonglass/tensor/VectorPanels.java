package io.moonglass.tensor;

import static io.moonglass.tensor.Lanes.INTS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.Lanes.floats;
import static io.moonglass.tensor.QuantizedRows.BLOCK_COLUMNS;

import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// Quantising rows and their products with panels, of [VectorKernels].
final class VectorPanels {

    private static final ValueLayout.OfFloat SCALE = ValueLayout.JAVA_FLOAT_UNALIGNED;

    private VectorPanels() {}

    static void quantize(FloatMatrix x, QuantizedRows out, int fromBlock, int toBlock) {
        int whole = Math.min(x.numColumns() / BLOCK_COLUMNS, toBlock);
        for (int row = 0; row < x.numRows(); row++) {
            for (int block = fromBlock; block < whole; block++) {
                quantizeBlock(x, out, row, block);
            }
            if (whole < toBlock) {
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
        out.setSum(at, sum);
    }

    static void linear(
            QuantizedRows x, PanelMatrix weight, FloatMatrix out, int fromPanel, int toPanel) {
        if (x.numRows() > VectorPanelRow.MOST_ROWS) {
            VectorPanelTiles.of(x, weight).linear(out, fromPanel, toPanel);
            return;
        }
        for (int row = 0; row < x.numRows(); row++) {
            VectorPanelRow.linear(x, row, weight, out, fromPanel, toPanel);
        }
    }
}
