package io.moonglass.tensor;

import static io.moonglass.tensor.Exponential.ROUNDER;
import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.PanelMatrix.GROUP_BYTES;
import static io.moonglass.tensor.PanelMatrix.PANEL_ROWS;
import static io.moonglass.tensor.QuantizedRows.BLOCK_COLUMNS;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// How weights are quantised, of [VectorKernels]: a panel's rows lie in the lanes, so every row's sums
/// have the order of the scalar kernels, and the same bits.
final class VectorPacking {

    private static final int COLUMN = PANEL_ROWS;

    private VectorPacking() {}

    static void findScales(PanelBlock block) {
        for (int row = 0; row < PANEL_ROWS; row += LANES) {
            findExtremes(block, row);
            if (block.type().hasMinima()) {
                findAffine(block, row);
            } else {
                findScales(block, row);
            }
        }
    }

    private static void findExtremes(PanelBlock block, int row) {
        FloatVector extreme = FloatVector.zero(FLOATS);
        FloatVector nothing = FloatVector.zero(FLOATS);
        for (int at = row; at < block.values.length; at += COLUMN) {
            FloatVector value = FloatVector.fromArray(FLOATS, block.values, at);
            extreme = extreme.blend(value, value.abs().compare(VectorOperators.GT, extreme.abs()));
            nothing = nothing.add(value.mul(0f)); // 0, unless a weight is not finite
        }
        if (!nothing.compare(VectorOperators.EQ, 0f).allTrue()) {
            block.checkFinite();
        }
        extreme.intoArray(block.extremes, row);
    }

    /// Two candidates at once, because each sum waits for itself. Limits are compared and blended, which
    /// is faster than `min` and `max` with their care for zeros' signs.
    private static void findScales(PanelBlock block, int row) {
        float[] values = block.values;
        float[] candidates = block.candidates();
        float least = block.least();
        float most = block.most();
        FloatVector extreme = FloatVector.fromArray(FLOATS, block.extremes, row);
        FloatVector bestGain = FloatVector.zero(FLOATS);
        FloatVector bestScale = FloatVector.zero(FLOATS);
        for (int i = 0; i < candidates.length; i += 2) {
            // where there is no second, the first twice
            float other = candidates[Math.min(i + 1, candidates.length - 1)];
            FloatVector inverse1 =
                    FloatVector.broadcast(FLOATS, candidates[i])
                            .div(extreme)
                            .blend(0f, extreme.compare(VectorOperators.EQ, 0f));
            FloatVector inverse2 =
                    FloatVector.broadcast(FLOATS, other)
                            .div(extreme)
                            .blend(0f, extreme.compare(VectorOperators.EQ, 0f));
            FloatVector product1 = FloatVector.zero(FLOATS);
            FloatVector product2 = FloatVector.zero(FLOATS);
            FloatVector square1 = FloatVector.zero(FLOATS);
            FloatVector square2 = FloatVector.zero(FLOATS);
            for (int at = row; at < BLOCK_COLUMNS * COLUMN; at += COLUMN) {
                FloatVector value = FloatVector.fromArray(FLOATS, values, at);
                FloatVector code1 = value.mul(inverse1).add(ROUNDER).sub(ROUNDER);
                FloatVector code2 = value.mul(inverse2).add(ROUNDER).sub(ROUNDER);
                code1 = code1.blend(least, code1.compare(VectorOperators.LT, least));
                code2 = code2.blend(least, code2.compare(VectorOperators.LT, least));
                code1 = code1.blend(most, code1.compare(VectorOperators.GT, most));
                code2 = code2.blend(most, code2.compare(VectorOperators.GT, most));
                product1 = product1.add(value.mul(code1));
                product2 = product2.add(value.mul(code2));
                square1 = square1.add(code1.mul(code1));
                square2 = square2.add(code2.mul(code2));
            }
            FloatVector scale1 = product1.div(square1);
            FloatVector gain1 = product1.mul(scale1);
            var better1 = gain1.compare(VectorOperators.GT, bestGain);
            bestGain = bestGain.blend(gain1, better1);
            bestScale = bestScale.blend(scale1, better1);
            FloatVector scale2 = product2.div(square2);
            FloatVector gain2 = product2.mul(scale2);
            var better2 = gain2.compare(VectorOperators.GT, bestGain);
            bestGain = bestGain.blend(gain2, better2);
            bestScale = bestScale.blend(scale2, better2);
        }
        bestScale.intoArray(block.scales, row);
    }

    /// As the scalar kernels, a row in each lane.
    private static void findAffine(PanelBlock block, int row) {
        float[] values = block.values;
        FloatVector least = FloatVector.fromArray(FLOATS, values, row);
        FloatVector most = least;
        FloatVector total = FloatVector.zero(FLOATS);
        for (int at = row; at < BLOCK_COLUMNS * COLUMN; at += COLUMN) {
            FloatVector value = FloatVector.fromArray(FLOATS, values, at);
            least = least.blend(value, value.compare(VectorOperators.LT, least));
            most = most.blend(value, value.compare(VectorOperators.GT, most));
            total = total.add(value);
        }
        FloatVector range = most.sub(least);
        FloatVector middle = least.add(range.mul(0.5f));
        FloatVector mean = total.mul(1f / BLOCK_COLUMNS);
        FloatVector bestGain = FloatVector.zero(FLOATS);
        FloatVector bestScale = range.mul(0f);
        FloatVector bestTotal = FloatVector.zero(FLOATS);
        float[] candidates = block.candidates();
        float smallest = block.least();
        float largest = block.most();
        for (int i = 0; i < candidates.length; i += 2) {
            FloatVector inverse =
                    FloatVector.broadcast(FLOATS, candidates[i])
                            .div(range)
                            .blend(0f, range.compare(VectorOperators.EQ, 0f));
            float centre = candidates[i + 1];
            FloatVector product = FloatVector.zero(FLOATS);
            FloatVector square = FloatVector.zero(FLOATS);
            FloatVector codes = FloatVector.zero(FLOATS);
            for (int at = row; at < BLOCK_COLUMNS * COLUMN; at += COLUMN) {
                FloatVector value = FloatVector.fromArray(FLOATS, values, at);
                FloatVector code =
                        value.sub(middle).mul(inverse).add(centre).add(ROUNDER).sub(ROUNDER);
                code = code.blend(smallest, code.compare(VectorOperators.LT, smallest));
                code = code.blend(largest, code.compare(VectorOperators.GT, largest));
                product = product.add(value.sub(mean).mul(code));
                square = square.add(code.mul(code));
                codes = codes.add(code);
            }
            FloatVector variance = square.mul(BLOCK_COLUMNS).sub(codes.mul(codes));
            FloatVector scale =
                    product.mul(BLOCK_COLUMNS)
                            .div(variance)
                            .blend(0f, variance.compare(VectorOperators.EQ, 0f));
            FloatVector gain = product.mul(scale);
            var better = gain.compare(VectorOperators.GT, bestGain);
            bestGain = bestGain.blend(gain, better);
            bestScale = bestScale.blend(scale, better);
            bestTotal = bestTotal.blend(codes, better);
        }
        bestScale.intoArray(block.scales, row);
        mean.intoArray(block.means, row);
        bestTotal.mul(1f / BLOCK_COLUMNS).intoArray(block.meanCodes, row);
    }

    static void writeCodes(PanelBlock block, MemorySegment target, long offset) {
        for (int row = 0; row < PANEL_ROWS; row += LANES) {
            long at = offset + (long) row * Integer.BYTES;
            switch (block.type()) {
                case Q4, Q4A -> writeNibbles(block, row, target, at);
                case Q8 -> writeBytes(block, row, target, at);
            }
        }
    }

    private static void writeNibbles(PanelBlock block, int row, MemorySegment target, long offset) {
        FloatVector scale = FloatVector.fromArray(FLOATS, block.scales, row);
        for (int group = 0; group < block.type().numGroups(); group++) {
            int low = 8 * group * COLUMN + row;
            int high = low + 4 * COLUMN;
            IntVector stored = codes(block, low, scale).or(shifted(block, high, scale, 4));
            for (int i = 1; i < Integer.BYTES; i++) {
                stored =
                        stored.or(shifted(block, low + i * COLUMN, scale, 8 * i))
                                .or(shifted(block, high + i * COLUMN, scale, 8 * i + 4));
            }
            store(stored, target, offset + (long) group * GROUP_BYTES);
        }
    }

    private static void writeBytes(PanelBlock block, int row, MemorySegment target, long offset) {
        FloatVector scale = FloatVector.fromArray(FLOATS, block.scales, row);
        for (int group = 0; group < block.type().numGroups(); group++) {
            int first = 4 * group * COLUMN + row;
            IntVector stored = codes(block, first, scale);
            for (int i = 1; i < Integer.BYTES; i++) {
                stored = stored.or(shifted(block, first + i * COLUMN, scale, 8 * i));
            }
            store(stored, target, offset + (long) group * GROUP_BYTES);
        }
    }

    private static void store(IntVector stored, MemorySegment target, long offset) {
        stored.intoMemorySegment(target, offset, ByteOrder.LITTLE_ENDIAN);
    }

    private static IntVector shifted(PanelBlock block, int at, FloatVector scale, int bits) {
        return codes(block, at, scale).lanewise(VectorOperators.LSHL, bits);
    }

    /// The whole numbers of one column, from 0 up. The limits are whole numbers too, so it is the same
    /// to keep them before rounding.
    private static IntVector codes(PanelBlock block, int at, FloatVector scale) {
        float least = block.least();
        float most = block.most();
        int row = at % COLUMN;
        FloatVector code =
                FloatVector.fromArray(FLOATS, block.values, at)
                        .sub(FloatVector.fromArray(FLOATS, block.minima, row))
                        .div(scale)
                        .blend(0f, scale.compare(VectorOperators.EQ, 0f));
        code = code.blend(least, code.compare(VectorOperators.LT, least));
        code = code.blend(most, code.compare(VectorOperators.GT, most));
        return Lanes.rounded(code).add(block.type().offset());
    }
}
