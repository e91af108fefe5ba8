package io.moonglass.tensor;

import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.Lanes.MACHINE;
import static io.moonglass.tensor.Lanes.floats;
import static io.moonglass.tensor.Lanes.stored;
import static io.moonglass.tensor.Lanes.sum;
import static io.moonglass.tensor.Lanes.widened;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Matrix products of [VectorKernels].
final class VectorLinear {

    /// Rows of activations that share one pass over a block of weights: their columns stay in the
    /// second-level cache.
    private static final int ROW_BLOCK = 64;

    private VectorLinear() {}

    static void linear(
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

    static void addTransposedLinear(
            FloatMatrix x, WeightMatrix weight, int numColumns, FloatMatrix out, int outColumn) {
        int bound = numColumns - numColumns % (4 * LANES);
        for (int row = 0; row < x.numRows(); row++) {
            for (int k = 0; k < bound; k += 4 * LANES) {
                switch (weight.type()) {
                    case F32 -> addFourColumnsOfFloat(x, row, weight, k, out, outColumn + k);
                    case BF16 -> addFourColumnsOfBfloat16(x, row, weight, k, out, outColumn + k);
                }
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

    /// Four vectors of columns, down all rows of the weight.
    private static void addFourColumnsOfFloat(
            FloatMatrix x, int row, WeightMatrix weight, int k, FloatMatrix out, int outColumn) {
        long stride = (long) weight.numColumns() * Float.BYTES;
        long next = (long) LANES * Float.BYTES;
        long target = ((long) row * out.numColumns() + outColumn) * Float.BYTES;
        long factors = (long) row * x.numColumns();
        FloatVector s0 = floats(out.data(), target);
        FloatVector s1 = floats(out.data(), target + next);
        FloatVector s2 = floats(out.data(), target + 2 * next);
        FloatVector s3 = floats(out.data(), target + 3 * next);
        for (int i = 0; i < weight.numRows(); i++) {
            long w = i * stride + (long) k * Float.BYTES;
            FloatVector f =
                    FloatVector.broadcast(FLOATS, x.data().getAtIndex(JAVA_FLOAT, factors + i));
            s0 = f.fma(stored(weight.data(), w), s0);
            s1 = f.fma(stored(weight.data(), w + next), s1);
            s2 = f.fma(stored(weight.data(), w + 2 * next), s2);
            s3 = f.fma(stored(weight.data(), w + 3 * next), s3);
        }
        s0.intoMemorySegment(out.data(), target, MACHINE);
        s1.intoMemorySegment(out.data(), target + next, MACHINE);
        s2.intoMemorySegment(out.data(), target + 2 * next, MACHINE);
        s3.intoMemorySegment(out.data(), target + 3 * next, MACHINE);
    }

    private static void addFourColumnsOfBfloat16(
            FloatMatrix x, int row, WeightMatrix weight, int k, FloatMatrix out, int outColumn) {
        long stride = (long) weight.numColumns() * Short.BYTES;
        long next = (long) LANES * Short.BYTES;
        long target = ((long) row * out.numColumns() + outColumn) * Float.BYTES;
        long factors = (long) row * x.numColumns();
        FloatVector s0 = floats(out.data(), target);
        FloatVector s1 = floats(out.data(), target + 2 * next);
        FloatVector s2 = floats(out.data(), target + 4 * next);
        FloatVector s3 = floats(out.data(), target + 6 * next);
        for (int i = 0; i < weight.numRows(); i++) {
            long w = i * stride + (long) k * Short.BYTES;
            FloatVector f =
                    FloatVector.broadcast(FLOATS, x.data().getAtIndex(JAVA_FLOAT, factors + i));
            s0 = f.fma(widened(weight.data(), w), s0);
            s1 = f.fma(widened(weight.data(), w + next), s1);
            s2 = f.fma(widened(weight.data(), w + 2 * next), s2);
            s3 = f.fma(widened(weight.data(), w + 3 * next), s3);
        }
        s0.intoMemorySegment(out.data(), target, MACHINE);
        s1.intoMemorySegment(out.data(), target + 2 * next, MACHINE);
        s2.intoMemorySegment(out.data(), target + 4 * next, MACHINE);
        s3.intoMemorySegment(out.data(), target + 6 * next, MACHINE);
    }
}
