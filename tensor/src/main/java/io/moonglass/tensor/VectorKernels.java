package io.moonglass.tensor;

import static io.moonglass.tensor.Exponential.exp;
import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.Lanes.MACHINE;
import static io.moonglass.tensor.Lanes.SWAP_PAIRS;
import static io.moonglass.tensor.Lanes.exp;
import static io.moonglass.tensor.Lanes.floats;
import static io.moonglass.tensor.Lanes.sum;
import static io.moonglass.tensor.Lanes.widened;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// The kernels on the widest vectors of the processor.
///
/// Every output's sum has one order, whatever tile it is computed in: lane by lane over the
/// columns, then a fixed tree over the lanes, then the tail. `reduceLanes` is not used because its
/// order is left open and differs between interpreted and compiled code.
sealed class VectorKernels implements KernelSet permits NativeKernels {

    VectorKernels() {
        if (LANES < 4 || LANES > 16) {
            throw new UnsupportedOperationException("vectors of " + LANES + " floats");
        }
    }

    @Override
    public String name() {
        return "vector";
    }

    @Override
    public void linear(
            FloatMatrix x, WeightMatrix weight, FloatMatrix out, int fromRow, int toRow) {
        VectorLinear.linear(x, weight, out, fromRow, toRow);
    }

    @Override
    public void quantize(FloatMatrix x, QuantizedRows out, int fromBlock, int toBlock) {
        VectorPanels.quantize(x, out, fromBlock, toBlock);
    }

    @Override
    public void linear(
            QuantizedRows x, PanelMatrix weight, FloatMatrix out, int fromPanel, int toPanel) {
        VectorPanels.linear(x, weight, out, fromPanel, toPanel);
    }

    @Override
    public void findScales(PanelBlock block) {
        VectorPacking.findScales(block);
    }

    @Override
    public void writeCodes(PanelBlock block, MemorySegment target, long offset) {
        VectorPacking.writeCodes(block, target, offset);
    }

    @Override
    public void attend(HeadAttention attention, WeightMatrix rows, MemorySegment next) {
        VectorAttention.attend(attention, rows);
    }

    @Override
    public void addTransposedLinear(
            FloatMatrix x, WeightMatrix weight, int numColumns, FloatMatrix out, int outColumn) {
        VectorLinear.addTransposedLinear(x, weight, numColumns, out, outColumn);
    }

    @Override
    public void rmsNorm(FloatMatrix x, float[] weight, float eps, FloatMatrix out) {
        int size = x.numColumns();
        float[] lanes = new float[LANES];
        for (int row = 0; row < x.numRows(); row++) {
            long offset = (long) row * size;
            float squares = centredSquares(x.data(), offset, size, 0, lanes);
            float scale = (float) (1 / Math.sqrt(squares / size + eps));
            int k = 0;
            for (; k < FLOATS.loopBound(size); k += LANES) {
                floats(x.data(), (offset + k) * Float.BYTES)
                        .mul(scale)
                        .mul(FloatVector.fromArray(FLOATS, weight, k))
                        .intoMemorySegment(out.data(), (offset + k) * Float.BYTES, MACHINE);
            }
            for (; k < size; k++) {
                out.set(row, k, x.get(row, k) * scale * weight[k]);
            }
        }
    }

    @Override
    public void layerNorm(FloatMatrix x, float[] weight, float[] bias, float eps, FloatMatrix out) {
        int size = x.numColumns();
        float[] lanes = new float[LANES];
        for (int row = 0; row < x.numRows(); row++) {
            long offset = (long) row * size;
            float mean = total(x.data(), offset, size, lanes) / size;
            float squares = centredSquares(x.data(), offset, size, mean, lanes);
            float scale = (float) (1 / Math.sqrt(squares / size + eps));
            int k = 0;
            for (; k < FLOATS.loopBound(size); k += LANES) {
                floats(x.data(), (offset + k) * Float.BYTES)
                        .sub(mean)
                        .mul(scale)
                        .fma(
                                FloatVector.fromArray(FLOATS, weight, k),
                                FloatVector.fromArray(FLOATS, bias, k))
                        .intoMemorySegment(out.data(), (offset + k) * Float.BYTES, MACHINE);
            }
            for (; k < size; k++) {
                out.set(row, k, Math.fma((x.get(row, k) - mean) * scale, weight[k], bias[k]));
            }
        }
    }

    private static float total(MemorySegment x, long offset, int length, float[] lanes) {
        FloatVector s = FloatVector.zero(FLOATS);
        int k = 0;
        for (; k < FLOATS.loopBound(length); k += LANES) {
            s = s.add(floats(x, (offset + k) * Float.BYTES));
        }
        s.intoArray(lanes, 0);
        float sum = sum(lanes, 0);
        for (; k < length; k++) {
            sum += x.getAtIndex(JAVA_FLOAT, offset + k);
        }
        return sum;
    }

    private static float centredSquares(
            MemorySegment x, long offset, int length, float mean, float[] lanes) {
        FloatVector s = FloatVector.zero(FLOATS);
        int k = 0;
        for (; k < FLOATS.loopBound(length); k += LANES) {
            FloatVector v = floats(x, (offset + k) * Float.BYTES).sub(mean);
            s = v.fma(v, s);
        }
        s.intoArray(lanes, 0);
        float sum = sum(lanes, 0);
        for (; k < length; k++) {
            float centred = x.getAtIndex(JAVA_FLOAT, offset + k) - mean;
            sum = Math.fma(centred, centred, sum);
        }
        return sum;
    }

    @Override
    public void rotary(
            MemorySegment x,
            long offset,
            MemorySegment cos,
            MemorySegment sin,
            long table,
            int dim) {
        int k = 0;
        for (; k < FLOATS.loopBound(dim); k += LANES) {
            FloatVector v = floats(x, (offset + k) * Float.BYTES);
            FloatVector turned =
                    v.rearrange(SWAP_PAIRS).mul(floats(sin, (table + k) * Float.BYTES));
            v.mul(floats(cos, (table + k) * Float.BYTES))
                    .add(turned)
                    .intoMemorySegment(x, (offset + k) * Float.BYTES, MACHINE);
        }
        for (; k < dim; k += 2) {
            float a = x.getAtIndex(JAVA_FLOAT, offset + k);
            float b = x.getAtIndex(JAVA_FLOAT, offset + k + 1);
            float cosine = cos.getAtIndex(JAVA_FLOAT, table + k);
            float sine = sin.getAtIndex(JAVA_FLOAT, table + k + 1);
            x.setAtIndex(JAVA_FLOAT, offset + k, a * cosine - b * sine);
            x.setAtIndex(JAVA_FLOAT, offset + k + 1, b * cosine + a * sine);
        }
    }

    @Override
    public float max(MemorySegment x, long offset, int length) {
        FloatVector s = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        int k = 0;
        for (; k < FLOATS.loopBound(length); k += LANES) {
            s = s.max(floats(x, (offset + k) * Float.BYTES));
        }
        float max = s.reduceLanes(VectorOperators.MAX); // the same in any order
        for (; k < length; k++) {
            max = Math.max(max, x.getAtIndex(JAVA_FLOAT, offset + k));
        }
        return max;
    }

    @Override
    public void scale(MemorySegment x, long offset, int length, float factor) {
        int k = 0;
        for (; k < FLOATS.loopBound(length); k += LANES) {
            long at = (offset + k) * Float.BYTES;
            floats(x, at).mul(factor).intoMemorySegment(x, at, MACHINE);
        }
        for (; k < length; k++) {
            x.setAtIndex(JAVA_FLOAT, offset + k, x.getAtIndex(JAVA_FLOAT, offset + k) * factor);
        }
    }

    @Override
    public void exponentials(float[] x, float max, float factor) {
        int i = 0;
        for (; i < FLOATS.loopBound(x.length); i += LANES) {
            FloatVector exponent = FloatVector.fromArray(FLOATS, x, i).sub(max).mul(factor);
            FloatVector value = Lanes.exp(exponent);
            value.blend(0f, exponent.test(VectorOperators.IS_NAN)).intoArray(x, i);
        }
        ScalarKernels.exponentials(x, i, max, factor);
    }

    @Override
    public void siluGate(
            MemorySegment gate, MemorySegment up, MemorySegment out, long offset, int length) {
        long k = offset;
        for (; k + LANES <= offset + length; k += LANES) {
            FloatVector g = floats(gate, k * Float.BYTES);
            g.div(exp(g.neg()).add(1))
                    .mul(floats(up, k * Float.BYTES))
                    .intoMemorySegment(out, k * Float.BYTES, MACHINE);
        }
        for (; k < offset + length; k++) {
            float g = gate.getAtIndex(JAVA_FLOAT, k);
            out.setAtIndex(JAVA_FLOAT, k, g / (exp(-g) + 1) * up.getAtIndex(JAVA_FLOAT, k));
        }
    }

    @Override
    public void addScaled(
            MemorySegment x,
            long xOffset,
            float factor,
            MemorySegment out,
            long outOffset,
            int length) {
        FloatVector factors = FloatVector.broadcast(FLOATS, factor);
        int k = 0;
        for (; k < FLOATS.loopBound(length); k += LANES) {
            long at = (outOffset + k) * Float.BYTES;
            factors.fma(floats(x, (xOffset + k) * Float.BYTES), floats(out, at))
                    .intoMemorySegment(out, at, MACHINE);
        }
        for (; k < length; k++) {
            float sum = out.getAtIndex(JAVA_FLOAT, outOffset + k);
            out.setAtIndex(
                    JAVA_FLOAT,
                    outOffset + k,
                    Math.fma(factor, x.getAtIndex(JAVA_FLOAT, xOffset + k), sum));
        }
    }

    @Override
    public void widenRow(WeightMatrix weight, int row, MemorySegment out, long outOffset) {
        int size = weight.numColumns();
        int k = 0;
        if (weight.type() == ElementType.BF16) {
            long w0 = (long) row * size * Short.BYTES;
            for (; k < FLOATS.loopBound(size); k += LANES) {
                widened(weight.data(), w0 + (long) k * Short.BYTES)
                        .intoMemorySegment(out, (outOffset + k) * Float.BYTES, MACHINE);
            }
        }
        for (; k < size; k++) {
            out.setAtIndex(JAVA_FLOAT, outOffset + k, ScalarKernels.element(weight, row, k));
        }
    }

    @Override
    public void narrowRow(MemorySegment x, long offset, WeightMatrix weight, int row) {
        int size = weight.numColumns();
        int k = 0;
        if (weight.type() == ElementType.BF16) {
            long w0 = (long) row * size * Short.BYTES;
            for (; k < FLOATS.loopBound(size); k += LANES) {
                Lanes.storeBfloat16(
                        floats(x, (offset + k) * Float.BYTES),
                        weight.data(),
                        w0 + (long) k * Short.BYTES);
            }
        }
        for (; k < size; k++) {
            ScalarKernels.setElement(weight, row, k, x.getAtIndex(JAVA_FLOAT, offset + k));
        }
    }

    /// Once a token and layer, so not worth vectors.
    @Override
    public void narrowRow(MemorySegment x, long offset, ByteRows out, int row) {
        ScalarKernels.narrow(x, offset, out, row);
    }

    /// Whole blocks in vectors; a byte is read with those after it, of which the last block has none.
    @Override
    public void widenRow(ByteRows rows, int row, WeightMatrix out, int outRow) {
        int numWhole =
                out.type() == ElementType.BF16 ? (rows.numColumns() - 1) / ByteRows.BLOCK : 0;
        long numbers = rows.numbers(row);
        long o0 = (long) outRow * out.numColumns() * Short.BYTES;
        for (int block = 0; block < numWhole; block++) {
            float factor = rows.factor(row, block);
            int first = block * ByteRows.BLOCK;
            for (int k = first; k < first + ByteRows.BLOCK; k += LANES) {
                Lanes.storeBfloat16(
                        Lanes.bytes(rows.data(), numbers + k).mul(factor),
                        out.data(),
                        o0 + (long) k * Short.BYTES);
            }
        }
        for (int k = numWhole * ByteRows.BLOCK; k < rows.numColumns(); k++) {
            float factor = rows.factor(row, k / ByteRows.BLOCK);
            byte number = rows.data().get(JAVA_BYTE, numbers + k);
            ScalarKernels.setElement(out, outRow, k, number * factor);
        }
    }

    @Override
    public void addBias(MemorySegment x, long offset, float[] bias, int from, int length) {
        VectorEpilogue.addBias(x, offset, bias, from, length);
    }

    @Override
    public void addBiased(
            MemorySegment x, float[] bias, MemorySegment out, long offset, int from, int length) {
        VectorEpilogue.addBiased(x, bias, out, offset, from, length);
    }

    @Override
    public void gelu(Gelu form, MemorySegment x, long offset, float[] bias, int from, int length) {
        VectorEpilogue.gelu(form, x, offset, bias, from, length);
    }

    @Override
    public void attend(
            WeightMatrix queries,
            KeyValueTiles tiles,
            int firstVisible,
            int visibleStep,
            boolean begins,
            boolean ends,
            MemorySegment scratch,
            MemorySegment out,
            long outOffset,
            long outStride) {
        VectorTileAttention.attend(
                queries,
                tiles,
                firstVisible,
                visibleStep,
                begins,
                ends,
                scratch,
                out,
                outOffset,
                outStride);
    }
}
