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
        float[] lanes = new float[8 * LANES];
        for (int first = 0; first < x.numRows(); first += ROW_BLOCK) {
            int last = Math.min(first + ROW_BLOCK, x.numRows());
            int i = fromRow;
            for (; i + 4 <= toRow; i += 4) {
                int row = first;
                if (weight.type() == ElementType.BF16) {
                    for (; row + 4 <= last; row += 4) {
                        tileOfBfloat16(x, row, weight, i, out, lanes);
                        tileOfBfloat16(x, row, weight, i + 2, out, lanes);
                    }
                }
                for (; row < last; row++) {
                    fourDots(x, row, weight, i, out, lanes);
                }
            }
            for (; i < toRow; i++) {
                for (int row = first; row < last; row++) {
                    out.set(row, i, dot(x, row, weight, i, lanes));
                }
            }
        }
    }

    private static void fourDots(
            FloatMatrix x, int row, WeightMatrix weight, int i, FloatMatrix out, float[] lanes) {
        switch (weight.type()) {
            case F32 -> fourDotsOfFloat(x, row, weight, i, out, lanes);
            case BF16 -> fourDotsOfBfloat16(x, row, weight, i, out, lanes);
        }
    }

    /// Four rows of activations by two rows of weights: eight sums in registers. With sixteen the
    /// compiler gives up keeping them there and allocates every one.
    private static void tileOfBfloat16(
            FloatMatrix x, int row, WeightMatrix weight, int i, FloatMatrix out, float[] lanes) {
        int size = weight.numColumns();
        MemorySegment xs = x.data();
        MemorySegment ws = weight.data();
        long xRow = (long) size * Float.BYTES;
        long wRow = (long) size * Short.BYTES;
        long x0 = row * xRow;
        long w0 = i * wRow;
        FloatVector s00 = FloatVector.zero(FLOATS);
        FloatVector s01 = FloatVector.zero(FLOATS);
        FloatVector s10 = FloatVector.zero(FLOATS);
        FloatVector s11 = FloatVector.zero(FLOATS);
        FloatVector s20 = FloatVector.zero(FLOATS);
        FloatVector s21 = FloatVector.zero(FLOATS);
        FloatVector s30 = FloatVector.zero(FLOATS);
        FloatVector s31 = FloatVector.zero(FLOATS);
        int bound = FLOATS.loopBound(size);
        for (int k = 0; k < bound; k += LANES) {
            long xk = x0 + (long) k * Float.BYTES;
            long wk = w0 + (long) k * Short.BYTES;
            FloatVector first = widened(ws, wk);
            FloatVector second = widened(ws, wk + wRow);
            FloatVector v = floats(xs, xk);
            s00 = v.fma(first, s00);
            s01 = v.fma(second, s01);
            v = floats(xs, xk + xRow);
            s10 = v.fma(first, s10);
            s11 = v.fma(second, s11);
            v = floats(xs, xk + 2 * xRow);
            s20 = v.fma(first, s20);
            s21 = v.fma(second, s21);
            v = floats(xs, xk + 3 * xRow);
            s30 = v.fma(first, s30);
            s31 = v.fma(second, s31);
        }
        s00.intoArray(lanes, 0);
        s01.intoArray(lanes, LANES);
        s10.intoArray(lanes, 2 * LANES);
        s11.intoArray(lanes, 3 * LANES);
        s20.intoArray(lanes, 4 * LANES);
        s21.intoArray(lanes, 5 * LANES);
        s30.intoArray(lanes, 6 * LANES);
        s31.intoArray(lanes, 7 * LANES);
        storeSums(lanes, 4, 2, x, row, weight, i, out);
    }

    private static void fourDotsOfBfloat16(
            FloatMatrix x, int row, WeightMatrix weight, int i, FloatMatrix out, float[] lanes) {
        int size = weight.numColumns();
        long wRow = (long) size * Short.BYTES;
        long x0 = (long) row * size * Float.BYTES;
        long w0 = i * wRow;
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = FloatVector.zero(FLOATS);
        FloatVector s2 = FloatVector.zero(FLOATS);
        FloatVector s3 = FloatVector.zero(FLOATS);
        int bound = FLOATS.loopBound(size);
        for (int k = 0; k < bound; k += LANES) {
            FloatVector v = floats(x.data(), x0 + (long) k * Float.BYTES);
            long wk = w0 + (long) k * Short.BYTES;
            s0 = v.fma(widened(weight.data(), wk), s0);
            s1 = v.fma(widened(weight.data(), wk + wRow), s1);
            s2 = v.fma(widened(weight.data(), wk + 2 * wRow), s2);
            s3 = v.fma(widened(weight.data(), wk + 3 * wRow), s3);
        }
        s0.intoArray(lanes, 0);
        s1.intoArray(lanes, LANES);
        s2.intoArray(lanes, 2 * LANES);
        s3.intoArray(lanes, 3 * LANES);
        storeSums(lanes, 1, 4, x, row, weight, i, out);
    }

    private static void fourDotsOfFloat(
            FloatMatrix x, int row, WeightMatrix weight, int i, FloatMatrix out, float[] lanes) {
        int size = weight.numColumns();
        long stride = (long) size * Float.BYTES;
        long x0 = row * stride;
        long w0 = i * stride;
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = FloatVector.zero(FLOATS);
        FloatVector s2 = FloatVector.zero(FLOATS);
        FloatVector s3 = FloatVector.zero(FLOATS);
        int bound = FLOATS.loopBound(size);
        for (int k = 0; k < bound; k += LANES) {
            long step = (long) k * Float.BYTES;
            FloatVector v = floats(x.data(), x0 + step);
            s0 = v.fma(stored(weight.data(), w0 + step), s0);
            s1 = v.fma(stored(weight.data(), w0 + step + stride), s1);
            s2 = v.fma(stored(weight.data(), w0 + step + 2 * stride), s2);
            s3 = v.fma(stored(weight.data(), w0 + step + 3 * stride), s3);
        }
        s0.intoArray(lanes, 0);
        s1.intoArray(lanes, LANES);
        s2.intoArray(lanes, 2 * LANES);
        s3.intoArray(lanes, 3 * LANES);
        storeSums(lanes, 1, 4, x, row, weight, i, out);
    }

    /// Adds up the lanes of a tile's sums, adds the columns that fill no vector, and stores them.
    private static void storeSums(
            float[] lanes,
            int numRows,
            int numSums,
            FloatMatrix x,
            int row,
            WeightMatrix weight,
            int i,
            FloatMatrix out) {
        int bound = FLOATS.loopBound(weight.numColumns());
        for (int j = 0; j < numRows * numSums; j++) {
            float sum = sum(lanes, j * LANES);
            int toRow = row + j / numSums;
            int toColumn = i + j % numSums;
            out.set(toRow, toColumn, withTail(x, toRow, weight, toColumn, bound, sum));
        }
    }

    private static float dot(FloatMatrix x, int row, WeightMatrix weight, int i, float[] lanes) {
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
        s.intoArray(lanes, 0);
        return withTail(x, row, weight, i, bound, sum(lanes, 0));
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
    public float exponentials(MemorySegment x, long offset, int length, float scale, float shift) {
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
        // As in sum(), but without an array: this runs once per query and tile.
        if (LANES > 8) {
            s = s.add(s.rearrange(FOLD_8));
        }
        if (LANES > 4) {
            s = s.add(s.rearrange(FOLD_4));
        }
        s = s.add(s.rearrange(FOLD_2));
        float sum = s.add(s.rearrange(FOLD_1)).lane(0);
        for (; k < length; k++) {
            float e = exp(Math.fma(x.getAtIndex(JAVA_FLOAT, offset + k), scale, -shift));
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
            MemorySegment q,
            long qOffset,
            long qStride,
            int dim,
            MemorySegment keys,
            MemorySegment scores) {
        for (int key = 0; key < Kernels.TILE_KEYS; key += 4 * LANES) {
            scoresOfTwoQueries(q, qOffset, qStride, dim, keys, scores, key);
            scoresOfTwoQueries(
                    q,
                    qOffset + 2 * qStride,
                    qStride,
                    dim,
                    keys,
                    scores,
                    2 * Kernels.TILE_KEYS + key);
        }
    }

    /// Two queries by four vectors of keys: eight sums in registers. Keys lie transposed,
    /// `[dim, TILE_KEYS]`, so that no sum crosses lanes.
    private static void scoresOfTwoQueries(
            MemorySegment q,
            long qOffset,
            long qStride,
            int dim,
            MemorySegment keys,
            MemorySegment scores,
            int at) {
        FloatVector s00 = FloatVector.zero(FLOATS);
        FloatVector s01 = FloatVector.zero(FLOATS);
        FloatVector s02 = FloatVector.zero(FLOATS);
        FloatVector s03 = FloatVector.zero(FLOATS);
        FloatVector s10 = FloatVector.zero(FLOATS);
        FloatVector s11 = FloatVector.zero(FLOATS);
        FloatVector s12 = FloatVector.zero(FLOATS);
        FloatVector s13 = FloatVector.zero(FLOATS);
        long next = (long) LANES * Float.BYTES;
        for (int i = 0; i < dim; i++) {
            long k = ((long) i * Kernels.TILE_KEYS + at % Kernels.TILE_KEYS) * Float.BYTES;
            FloatVector k0 = floats(keys, k);
            FloatVector k1 = floats(keys, k + next);
            FloatVector k2 = floats(keys, k + 2 * next);
            FloatVector k3 = floats(keys, k + 3 * next);
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
        }
        storeScores(scores, at, s00, s01, s02, s03);
        storeScores(scores, at + Kernels.TILE_KEYS, s10, s11, s12, s13);
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
            MemorySegment weights,
            MemorySegment values,
            int dim,
            MemorySegment out,
            long outOffset,
            long outStride) {
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

    /// Adds up the lanes of one stored vector, upper half onto lower half. Stored, because a vector
    /// that is handed to a method may be allocated in every round of the loop that made it.
    private static float sum(float[] lanes, int from) {
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
        IntVector exponent = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
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
