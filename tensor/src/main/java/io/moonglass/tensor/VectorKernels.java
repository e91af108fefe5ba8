package io.moonglass.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// The kernels on the widest vectors of the processor.
///
/// Every output's sum has one order, whatever tile it is computed in: lane by lane over the
/// columns, then a fixed tree over the lanes, then the tail. `reduceLanes` is not used because its
/// order is left open and differs between interpreted and compiled code.
final class VectorKernels implements KernelSet {

    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
    private static final VectorSpecies<Integer> INTS =
            VectorSpecies.of(int.class, FLOATS.vectorShape());
    private static final VectorSpecies<Short> HALVES =
            VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));
    private static final ByteOrder MACHINE = ByteOrder.nativeOrder();
    private static final ByteOrder STORED = ByteOrder.LITTLE_ENDIAN;
    private static final int LANES = FLOATS.length();

    private static final VectorShuffle<Float> SWAP_PAIRS =
            VectorShuffle.fromOp(FLOATS, lane -> lane ^ 1);
    private static final VectorShuffle<Float> FOLD_8 = fold(8);
    private static final VectorShuffle<Float> FOLD_4 = fold(4);
    private static final VectorShuffle<Float> FOLD_2 = fold(2);
    private static final VectorShuffle<Float> FOLD_1 = fold(1);

    /// Rows of activations that share one pass over a block of weights: their columns stay in the
    /// second-level cache.
    private static final int ROW_BLOCK = 64;

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
        for (int first = 0; first < x.numRows(); first += ROW_BLOCK) {
            int last = Math.min(first + ROW_BLOCK, x.numRows());
            int i = fromRow;
            for (; i + 4 <= toRow; i += 4) {
                int row = first;
                if (weight.type() == ElementType.BF16) {
                    for (; row + 4 <= last; row += 4) {
                        tileOfBfloat16(x, row, weight, i, out);
                    }
                }
                for (; row < last; row++) {
                    fourDots(x, row, weight, i, out);
                }
            }
            for (; i < toRow; i++) {
                for (int row = first; row < last; row++) {
                    out.set(row, i, dot(x, row, weight, i));
                }
            }
        }
    }

    private static void fourDots(
            FloatMatrix x, int row, WeightMatrix weight, int i, FloatMatrix out) {
        switch (weight.type()) {
            case F32 -> fourDotsOfFloat(x, row, weight, i, out);
            case BF16 -> fourDotsOfBfloat16(x, row, weight, i, out);
        }
    }

    /// Four rows of activations by four rows of weights: 16 sums in registers.
    private static void tileOfBfloat16(
            FloatMatrix x, int row, WeightMatrix weight, int i, FloatMatrix out) {
        int size = weight.numColumns();
        MemorySegment xs = x.data();
        MemorySegment ws = weight.data();
        long xRow = (long) size * Float.BYTES;
        long wRow = (long) size * Short.BYTES;
        long x0 = row * xRow;
        long w0 = i * wRow;
        FloatVector s00 = FloatVector.zero(FLOATS);
        FloatVector s01 = s00, s02 = s00, s03 = s00;
        FloatVector s10 = s00, s11 = s00, s12 = s00, s13 = s00;
        FloatVector s20 = s00, s21 = s00, s22 = s00, s23 = s00;
        FloatVector s30 = s00, s31 = s00, s32 = s00, s33 = s00;
        int bound = FLOATS.loopBound(size);
        for (int k = 0; k < bound; k += LANES) {
            long xk = x0 + (long) k * Float.BYTES;
            long wk = w0 + (long) k * Short.BYTES;
            FloatVector v0 = floats(xs, xk);
            FloatVector v1 = floats(xs, xk + xRow);
            FloatVector v2 = floats(xs, xk + 2 * xRow);
            FloatVector v3 = floats(xs, xk + 3 * xRow);
            FloatVector w = widened(ws, wk);
            s00 = v0.fma(w, s00);
            s10 = v1.fma(w, s10);
            s20 = v2.fma(w, s20);
            s30 = v3.fma(w, s30);
            w = widened(ws, wk + wRow);
            s01 = v0.fma(w, s01);
            s11 = v1.fma(w, s11);
            s21 = v2.fma(w, s21);
            s31 = v3.fma(w, s31);
            w = widened(ws, wk + 2 * wRow);
            s02 = v0.fma(w, s02);
            s12 = v1.fma(w, s12);
            s22 = v2.fma(w, s22);
            s32 = v3.fma(w, s32);
            w = widened(ws, wk + 3 * wRow);
            s03 = v0.fma(w, s03);
            s13 = v1.fma(w, s13);
            s23 = v2.fma(w, s23);
            s33 = v3.fma(w, s33);
        }
        storeSums(x, row, weight, i, bound, s00, s01, s02, s03, out);
        storeSums(x, row + 1, weight, i, bound, s10, s11, s12, s13, out);
        storeSums(x, row + 2, weight, i, bound, s20, s21, s22, s23, out);
        storeSums(x, row + 3, weight, i, bound, s30, s31, s32, s33, out);
    }

    private static void fourDotsOfBfloat16(
            FloatMatrix x, int row, WeightMatrix weight, int i, FloatMatrix out) {
        int size = weight.numColumns();
        long wRow = (long) size * Short.BYTES;
        long x0 = (long) row * size * Float.BYTES;
        long w0 = i * wRow;
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = s0, s2 = s0, s3 = s0;
        int bound = FLOATS.loopBound(size);
        for (int k = 0; k < bound; k += LANES) {
            FloatVector v = floats(x.data(), x0 + (long) k * Float.BYTES);
            long wk = w0 + (long) k * Short.BYTES;
            s0 = v.fma(widened(weight.data(), wk), s0);
            s1 = v.fma(widened(weight.data(), wk + wRow), s1);
            s2 = v.fma(widened(weight.data(), wk + 2 * wRow), s2);
            s3 = v.fma(widened(weight.data(), wk + 3 * wRow), s3);
        }
        storeSums(x, row, weight, i, bound, s0, s1, s2, s3, out);
    }

    private static void fourDotsOfFloat(
            FloatMatrix x, int row, WeightMatrix weight, int i, FloatMatrix out) {
        int size = weight.numColumns();
        long stride = (long) size * Float.BYTES;
        long x0 = row * stride;
        long w0 = i * stride;
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = s0, s2 = s0, s3 = s0;
        int bound = FLOATS.loopBound(size);
        for (int k = 0; k < bound; k += LANES) {
            long step = (long) k * Float.BYTES;
            FloatVector v = floats(x.data(), x0 + step);
            s0 = v.fma(stored(weight.data(), w0 + step), s0);
            s1 = v.fma(stored(weight.data(), w0 + step + stride), s1);
            s2 = v.fma(stored(weight.data(), w0 + step + 2 * stride), s2);
            s3 = v.fma(stored(weight.data(), w0 + step + 3 * stride), s3);
        }
        storeSums(x, row, weight, i, bound, s0, s1, s2, s3, out);
    }

    private static void storeSums(
            FloatMatrix x,
            int row,
            WeightMatrix weight,
            int i,
            int bound,
            FloatVector s0,
            FloatVector s1,
            FloatVector s2,
            FloatVector s3,
            FloatMatrix out) {
        out.set(row, i, withTail(x, row, weight, i, bound, sum(s0)));
        out.set(row, i + 1, withTail(x, row, weight, i + 1, bound, sum(s1)));
        out.set(row, i + 2, withTail(x, row, weight, i + 2, bound, sum(s2)));
        out.set(row, i + 3, withTail(x, row, weight, i + 3, bound, sum(s3)));
    }

    private static float dot(FloatMatrix x, int row, WeightMatrix weight, int i) {
        int size = weight.numColumns();
        long x0 = (long) row * size * Float.BYTES;
        long w0 = (long) i * size * weight.type().bytes();
        int bound = FLOATS.loopBound(size);
        FloatVector s = FloatVector.zero(FLOATS);
        switch (weight.type()) {
            case F32 -> {
                for (int k = 0; k < bound; k += LANES) {
                    long step = (long) k * Float.BYTES;
                    s = floats(x.data(), x0 + step).fma(stored(weight.data(), w0 + step), s);
                }
            }
            case BF16 -> {
                for (int k = 0; k < bound; k += LANES) {
                    s =
                            floats(x.data(), x0 + (long) k * Float.BYTES)
                                    .fma(widened(weight.data(), w0 + (long) k * Short.BYTES), s);
                }
            }
        }
        return withTail(x, row, weight, i, bound, sum(s));
    }

    private static float withTail(
            FloatMatrix x, int row, WeightMatrix weight, int i, int bound, float sum) {
        for (int k = bound; k < weight.numColumns(); k++) {
            sum = Math.fma(x.get(row, k), ScalarKernels.element(weight, i, k), sum);
        }
        return sum;
    }

    @Override
    public void addTransposedLinear(
            FloatMatrix x, WeightMatrix weight, int numColumns, FloatMatrix out, int outColumn) {
        long xRow = x.numColumns();
        int bound = FLOATS.loopBound(numColumns);
        for (int row = 0; row < x.numRows(); row++) {
            long target = (long) row * out.numColumns() + outColumn;
            for (int k = 0; k < bound; k += LANES) {
                FloatVector s = floats(out.data(), (target + k) * Float.BYTES);
                s =
                        switch (weight.type()) {
                            case F32 -> columnsOfFloat(x.data(), row * xRow, weight, k, s);
                            case BF16 -> columnsOfBfloat16(x.data(), row * xRow, weight, k, s);
                        };
                s.intoMemorySegment(out.data(), (target + k) * Float.BYTES, MACHINE);
            }
            for (int k = bound; k < numColumns; k++) {
                float sum = out.get(row, outColumn + k);
                for (int i = 0; i < weight.numRows(); i++) {
                    sum = Math.fma(x.get(row, i), ScalarKernels.element(weight, i, k), sum);
                }
                out.set(row, outColumn + k, sum);
            }
        }
    }

    private static FloatVector columnsOfFloat(
            MemorySegment x, long xOffset, WeightMatrix weight, int k, FloatVector s) {
        long stride = (long) weight.numColumns() * Float.BYTES;
        long w = (long) k * Float.BYTES;
        for (int i = 0; i < weight.numRows(); i++, w += stride) {
            FloatVector factor =
                    FloatVector.broadcast(FLOATS, x.getAtIndex(JAVA_FLOAT, xOffset + i));
            s = factor.fma(stored(weight.data(), w), s);
        }
        return s;
    }

    private static FloatVector columnsOfBfloat16(
            MemorySegment x, long xOffset, WeightMatrix weight, int k, FloatVector s) {
        long stride = (long) weight.numColumns() * Short.BYTES;
        long w = (long) k * Short.BYTES;
        for (int i = 0; i < weight.numRows(); i++, w += stride) {
            FloatVector factor =
                    FloatVector.broadcast(FLOATS, x.getAtIndex(JAVA_FLOAT, xOffset + i));
            s = factor.fma(widened(weight.data(), w), s);
        }
        return s;
    }

    @Override
    public void rmsNorm(FloatMatrix x, float[] weight, float eps, FloatMatrix out) {
        int size = x.numColumns();
        for (int row = 0; row < x.numRows(); row++) {
            long offset = (long) row * size;
            float squares = centredSquares(x.data(), offset, size, 0);
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
        for (int row = 0; row < x.numRows(); row++) {
            long offset = (long) row * size;
            float mean = total(x.data(), offset, size) / size;
            float squares = centredSquares(x.data(), offset, size, mean);
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

    private static float total(MemorySegment x, long offset, int length) {
        FloatVector s = FloatVector.zero(FLOATS);
        int k = 0;
        for (; k < FLOATS.loopBound(length); k += LANES) {
            s = s.add(floats(x, (offset + k) * Float.BYTES));
        }
        float sum = sum(s);
        for (; k < length; k++) {
            sum += x.getAtIndex(JAVA_FLOAT, offset + k);
        }
        return sum;
    }

    private static float centredSquares(MemorySegment x, long offset, int length, float mean) {
        FloatVector s = FloatVector.zero(FLOATS);
        int k = 0;
        for (; k < FLOATS.loopBound(length); k += LANES) {
            FloatVector v = floats(x, (offset + k) * Float.BYTES).sub(mean);
            s = v.fma(v, s);
        }
        float sum = sum(s);
        for (; k < length; k++) {
            float centred = x.getAtIndex(JAVA_FLOAT, offset + k) - mean;
            sum = Math.fma(centred, centred, sum);
        }
        return sum;
    }

    @Override
    public void rotary(
            MemorySegment x, long offset, MemorySegment cos, MemorySegment sin, long table, int dim) {
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
    public float exponentials(
            MemorySegment x, long offset, int length, float scale, float shift) {
        FloatVector s = FloatVector.zero(FLOATS);
        FloatVector factor = FloatVector.broadcast(FLOATS, scale);
        FloatVector minusShift = FloatVector.broadcast(FLOATS, -shift);
        int k = 0;
        for (; k < FLOATS.loopBound(length); k += LANES) {
            long at = (offset + k) * Float.BYTES;
            FloatVector e = exp(floats(x, at).fma(factor, minusShift));
            e.intoMemorySegment(x, at, MACHINE);
            s = s.add(e);
        }
        float sum = sum(s);
        for (; k < length; k++) {
            float e =
                    exp(Math.fma(x.getAtIndex(JAVA_FLOAT, offset + k), scale, -shift));
            x.setAtIndex(JAVA_FLOAT, offset + k, e);
            sum += e;
        }
        return sum;
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
    public void siluGate(MemorySegment gate, MemorySegment up, MemorySegment out, long length) {
        long k = 0;
        for (; k + LANES <= length; k += LANES) {
            FloatVector g = floats(gate, k * Float.BYTES);
            g.div(exp(g.neg()).add(1))
                    .mul(floats(up, k * Float.BYTES))
                    .intoMemorySegment(out, k * Float.BYTES, MACHINE);
        }
        for (; k < length; k++) {
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
    public void tileScores(
            MemorySegment q, long qOffset, long qStride, int dim, MemorySegment keys, MemorySegment scores) {
        for (int key = 0; key < Kernels.TILE_KEYS; key += 4 * LANES) {
            scoresOfFourVectors(q, qOffset, qStride, dim, keys, key, scores);
        }
    }

    /// Four queries by four vectors of keys: 16 sums in registers. Keys lie transposed,
    /// `[dim, TILE_KEYS]`, so that no sum crosses lanes.
    private static void scoresOfFourVectors(
            MemorySegment q,
            long qOffset,
            long qStride,
            int dim,
            MemorySegment keys,
            int key,
            MemorySegment scores) {
        FloatVector s00 = FloatVector.zero(FLOATS);
        FloatVector s01 = s00, s02 = s00, s03 = s00;
        FloatVector s10 = s00, s11 = s00, s12 = s00, s13 = s00;
        FloatVector s20 = s00, s21 = s00, s22 = s00, s23 = s00;
        FloatVector s30 = s00, s31 = s00, s32 = s00, s33 = s00;
        for (int i = 0; i < dim; i++) {
            long at = ((long) i * Kernels.TILE_KEYS + key) * Float.BYTES;
            FloatVector k0 = floats(keys, at);
            FloatVector k1 = floats(keys, at + (long) LANES * Float.BYTES);
            FloatVector k2 = floats(keys, at + 2L * LANES * Float.BYTES);
            FloatVector k3 = floats(keys, at + 3L * LANES * Float.BYTES);
            FloatVector f = FloatVector.broadcast(FLOATS, q.getAtIndex(JAVA_FLOAT, qOffset + i));
            s00 = k0.fma(f, s00);
            s01 = k1.fma(f, s01);
            s02 = k2.fma(f, s02);
            s03 = k3.fma(f, s03);
            f = FloatVector.broadcast(FLOATS, q.getAtIndex(JAVA_FLOAT, qOffset + qStride + i));
            s10 = k0.fma(f, s10);
            s11 = k1.fma(f, s11);
            s12 = k2.fma(f, s12);
            s13 = k3.fma(f, s13);
            f = FloatVector.broadcast(FLOATS, q.getAtIndex(JAVA_FLOAT, qOffset + 2 * qStride + i));
            s20 = k0.fma(f, s20);
            s21 = k1.fma(f, s21);
            s22 = k2.fma(f, s22);
            s23 = k3.fma(f, s23);
            f = FloatVector.broadcast(FLOATS, q.getAtIndex(JAVA_FLOAT, qOffset + 3 * qStride + i));
            s30 = k0.fma(f, s30);
            s31 = k1.fma(f, s31);
            s32 = k2.fma(f, s32);
            s33 = k3.fma(f, s33);
        }
        storeScores(scores, key, s00, s01, s02, s03);
        storeScores(scores, Kernels.TILE_KEYS + key, s10, s11, s12, s13);
        storeScores(scores, 2 * Kernels.TILE_KEYS + key, s20, s21, s22, s23);
        storeScores(scores, 3 * Kernels.TILE_KEYS + key, s30, s31, s32, s33);
    }

    private static void storeScores(
            MemorySegment scores,
            int at,
            FloatVector s0,
            FloatVector s1,
            FloatVector s2,
            FloatVector s3) {
        s0.intoMemorySegment(scores, (long) at * Float.BYTES, MACHINE);
        s1.intoMemorySegment(scores, (long) (at + LANES) * Float.BYTES, MACHINE);
        s2.intoMemorySegment(scores, (long) (at + 2 * LANES) * Float.BYTES, MACHINE);
        s3.intoMemorySegment(scores, (long) (at + 3 * LANES) * Float.BYTES, MACHINE);
    }

    @Override
    public void tileValues(
            MemorySegment weights, MemorySegment values, int dim, MemorySegment out, long outOffset, long outStride) {
        int i = 0;
        for (; i + 2 * LANES <= dim; i += 2 * LANES) {
            valuesOfTwoVectors(weights, values, dim, i, out, outOffset + i, outStride);
        }
        for (; i + LANES <= dim; i += LANES) {
            valuesOfOneVector(weights, values, dim, i, out, outOffset + i, outStride);
        }
        for (; i < dim; i++) {
            for (int query = 0; query < Kernels.TILE_QUERIES; query++) {
                long target = outOffset + query * outStride + i;
                float sum = out.getAtIndex(JAVA_FLOAT, target);
                for (int key = 0; key < Kernels.TILE_KEYS; key++) {
                    sum =
                            Math.fma(
                                    weights.getAtIndex(
                                            JAVA_FLOAT, (long) query * Kernels.TILE_KEYS + key),
                                    values.getAtIndex(JAVA_FLOAT, (long) key * dim + i),
                                    sum);
                }
                out.setAtIndex(JAVA_FLOAT, target, sum);
            }
        }
    }

    private static void valuesOfTwoVectors(
            MemorySegment weights,
            MemorySegment values,
            int dim,
            int i,
            MemorySegment out,
            long target,
            long outStride) {
        long next = (long) LANES * Float.BYTES;
        long o0 = target * Float.BYTES;
        long o1 = o0 + outStride * Float.BYTES;
        long o2 = o1 + outStride * Float.BYTES;
        long o3 = o2 + outStride * Float.BYTES;
        FloatVector s00 = floats(out, o0);
        FloatVector s01 = floats(out, o0 + next);
        FloatVector s10 = floats(out, o1);
        FloatVector s11 = floats(out, o1 + next);
        FloatVector s20 = floats(out, o2);
        FloatVector s21 = floats(out, o2 + next);
        FloatVector s30 = floats(out, o3);
        FloatVector s31 = floats(out, o3 + next);
        for (int key = 0; key < Kernels.TILE_KEYS; key++) {
            long at = ((long) key * dim + i) * Float.BYTES;
            FloatVector v0 = floats(values, at);
            FloatVector v1 = floats(values, at + next);
            FloatVector f = weightOf(weights, 0, key);
            s00 = f.fma(v0, s00);
            s01 = f.fma(v1, s01);
            f = weightOf(weights, 1, key);
            s10 = f.fma(v0, s10);
            s11 = f.fma(v1, s11);
            f = weightOf(weights, 2, key);
            s20 = f.fma(v0, s20);
            s21 = f.fma(v1, s21);
            f = weightOf(weights, 3, key);
            s30 = f.fma(v0, s30);
            s31 = f.fma(v1, s31);
        }
        s00.intoMemorySegment(out, o0, MACHINE);
        s01.intoMemorySegment(out, o0 + next, MACHINE);
        s10.intoMemorySegment(out, o1, MACHINE);
        s11.intoMemorySegment(out, o1 + next, MACHINE);
        s20.intoMemorySegment(out, o2, MACHINE);
        s21.intoMemorySegment(out, o2 + next, MACHINE);
        s30.intoMemorySegment(out, o3, MACHINE);
        s31.intoMemorySegment(out, o3 + next, MACHINE);
    }

    private static void valuesOfOneVector(
            MemorySegment weights,
            MemorySegment values,
            int dim,
            int i,
            MemorySegment out,
            long target,
            long outStride) {
        long o0 = target * Float.BYTES;
        long o1 = o0 + outStride * Float.BYTES;
        long o2 = o1 + outStride * Float.BYTES;
        long o3 = o2 + outStride * Float.BYTES;
        FloatVector s0 = floats(out, o0);
        FloatVector s1 = floats(out, o1);
        FloatVector s2 = floats(out, o2);
        FloatVector s3 = floats(out, o3);
        for (int key = 0; key < Kernels.TILE_KEYS; key++) {
            FloatVector v = floats(values, ((long) key * dim + i) * Float.BYTES);
            s0 = weightOf(weights, 0, key).fma(v, s0);
            s1 = weightOf(weights, 1, key).fma(v, s1);
            s2 = weightOf(weights, 2, key).fma(v, s2);
            s3 = weightOf(weights, 3, key).fma(v, s3);
        }
        s0.intoMemorySegment(out, o0, MACHINE);
        s1.intoMemorySegment(out, o1, MACHINE);
        s2.intoMemorySegment(out, o2, MACHINE);
        s3.intoMemorySegment(out, o3, MACHINE);
    }

    private static FloatVector weightOf(MemorySegment weights, int query, int key) {
        return FloatVector.broadcast(
                FLOATS, weights.getAtIndex(JAVA_FLOAT, (long) query * Kernels.TILE_KEYS + key));
    }

    private static FloatVector floats(MemorySegment segment, long byteOffset) {
        return FloatVector.fromMemorySegment(FLOATS, segment, byteOffset, MACHINE);
    }

    private static FloatVector stored(MemorySegment segment, long byteOffset) {
        return FloatVector.fromMemorySegment(FLOATS, segment, byteOffset, STORED);
    }

    /// bfloat16 is the upper half of a float: shift it into place.
    private static FloatVector widened(MemorySegment segment, long byteOffset) {
        IntVector bits =
                (IntVector)
                        ShortVector.fromMemorySegment(HALVES, segment, byteOffset, STORED)
                                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INTS, 0);
        return bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    private static float sum(FloatVector v) {
        if (LANES > 8) {
            v = v.add(v.rearrange(FOLD_8));
        }
        if (LANES > 4) {
            v = v.add(v.rearrange(FOLD_4));
        }
        v = v.add(v.rearrange(FOLD_2));
        v = v.add(v.rearrange(FOLD_1));
        return v.lane(0);
    }

    private static VectorShuffle<Float> fold(int by) {
        return VectorShuffle.fromOp(FLOATS, lane -> (lane + by) % LANES);
    }

    private static final float LOG2_E = 1.44269504f;
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;
    // Adding it moves the integer part of a float into the low bits of its mantissa.
    private static final float ROUNDER = 12582912f;
    private static final float LEAST = -87.3f;
    private static final float MOST = 88.3f;

    /// exp by 2^n e^r with |r| <= ln 2 / 2 and the Taylor polynomial of degree 7: within 2 units in
    /// the last place from -87.3 to 88.3, 0 below, not above e^88.3 beyond. Written out because the
    /// library's `EXP` gives other bits in interpreted code than in compiled code.
    private static FloatVector exp(FloatVector x) {
        FloatVector clamped = x.max(LEAST).min(MOST);
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
        IntVector exponent =
                shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        FloatVector result = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
        return result.blend(0f, x.compare(VectorOperators.LT, LEAST));
    }

    /// The same operations on one value, for tails: a value's exponential does not depend on where
    /// in a row it stands.
    private static float exp(float x) {
        if (x < LEAST) {
            return 0;
        }
        float clamped = Math.min(Math.max(x, LEAST), MOST);
        float shifted = Math.fma(clamped, LOG2_E, ROUNDER);
        float n = shifted - ROUNDER;
        float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, clamped));
        float p = 1 / 5040f;
        p = Math.fma(p, r, 1 / 720f);
        p = Math.fma(p, r, 1 / 120f);
        p = Math.fma(p, r, 1 / 24f);
        p = Math.fma(p, r, 1 / 6f);
        p = Math.fma(p, r, 0.5f);
        p = Math.fma(p, r, 1f);
        p = Math.fma(p, r, 1f);
        int exponent = Float.floatToRawIntBits(shifted) << 23;
        return Float.intBitsToFloat(Float.floatToRawIntBits(p) + exponent);
    }
}
