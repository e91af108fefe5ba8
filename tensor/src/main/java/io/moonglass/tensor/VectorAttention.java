package io.moonglass.tensor;

import static io.moonglass.tensor.HeadAttention.HEADS;
import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.INTS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.Lanes.MACHINE;
import static io.moonglass.tensor.Lanes.floats;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/// Attention to cache rows, of [VectorKernels]: heads in the lanes, or elements of sums.
final class VectorAttention {

    /// What rows and queries are widened into; a thread's own, because clearing new arrays took as long as
    /// filling them.
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    private VectorAttention() {}

    private static final class Scratch {
        private float[] queries = {};
        private float[] rows = {};

        float[] queries(int size) {
            if (queries.length < size) {
                queries = new float[size];
            }
            return queries;
        }

        float[] rows(int size) {
            if (rows.length < size) {
                rows = new float[size];
            }
            return rows;
        }
    }

    static void attend(HeadAttention attention, WeightMatrix rows) {
        int rowSize = rows.numColumns();
        int numRows = rows.numRows();
        Scratch scratch = SCRATCH.get();
        float[] queries = scratch.queries(rowSize * HEADS);
        widen(attention.queries(), queries, rowSize * HEADS);
        float[] widened = scratch.rows(numRows * rowSize);
        widen(rows, widened, numRows * rowSize);
        float[] shrink = new float[HEADS];
        for (int head = 0; head < HEADS; head += LANES) {
            int row = 0;
            for (; row + 8 <= numRows; row += 8) {
                scoresOfEightRows(attention, queries, widened, row, head, rowSize);
            }
            for (; row < numRows; row++) {
                scoresOfRow(attention, queries, widened, row, head, rowSize);
            }
            weigh(attention, numRows, head, rows.type(), shrink);
        }
        FloatMatrix sums = attention.sums();
        for (int head = 0; head < HEADS; head++) {
            if (shrink[head] != 1) {
                Kernels.scale(sums, head, 0, sums.numColumns(), shrink[head]);
            }
        }
        for (int head = 0; head < HEADS; head += 4) {
            addFourHeads(attention, widened, numRows, rowSize, head);
        }
    }

    /// A vector of 16 floats for each element.
    private static void widen(HeadQueries queries, float[] widened, int size) {
        switch (queries.type()) {
            case F32 -> MemorySegment.copy(queries.data(), JAVA_FLOAT, 0, widened, 0, size);
            case BF16 -> {
                for (int i = 0; i < size; i += LANES) {
                    int element = i / HEADS;
                    long at = ((long) element / 2 * HEADS + i % HEADS) * Integer.BYTES;
                    IntVector pairs =
                            IntVector.fromMemorySegment(INTS, queries.data(), at, MACHINE);
                    IntVector bits =
                            element % 2 == 0
                                    ? pairs.lanewise(VectorOperators.LSHL, 16)
                                    : pairs.and(0xffff0000);
                    bits.reinterpretAsFloats().intoArray(widened, i);
                }
            }
        }
    }

    private static void widen(WeightMatrix rows, float[] widened, int size) {
        int bound = FLOATS.loopBound(size);
        switch (rows.type()) {
            case F32 -> {
                for (int i = 0; i < bound; i += LANES) {
                    Lanes.stored(rows.data(), (long) i * Float.BYTES).intoArray(widened, i);
                }
            }
            case BF16 -> {
                for (int i = 0; i < bound; i += LANES) {
                    Lanes.widened(rows.data(), (long) i * Short.BYTES).intoArray(widened, i);
                }
            }
        }
        for (int i = bound; i < size; i++) {
            widened[i] = ScalarKernels.element(rows, i / rows.numColumns(), i % rows.numColumns());
        }
    }

    /// Eight sums in registers, which is as many as additions take time.
    private static void scoresOfEightRows(
            HeadAttention attention,
            float[] queries,
            float[] rows,
            int row,
            int head,
            int rowSize) {
        FloatVector s0 = FloatVector.zero(FLOATS);
        FloatVector s1 = FloatVector.zero(FLOATS);
        FloatVector s2 = FloatVector.zero(FLOATS);
        FloatVector s3 = FloatVector.zero(FLOATS);
        FloatVector s4 = FloatVector.zero(FLOATS);
        FloatVector s5 = FloatVector.zero(FLOATS);
        FloatVector s6 = FloatVector.zero(FLOATS);
        FloatVector s7 = FloatVector.zero(FLOATS);
        int r0 = row * rowSize;
        int r1 = r0 + rowSize;
        int r2 = r1 + rowSize;
        int r3 = r2 + rowSize;
        int r4 = r3 + rowSize;
        int r5 = r4 + rowSize;
        int r6 = r5 + rowSize;
        int r7 = r6 + rowSize;
        int swap = swap(attention);
        for (int k = 0; k < rowSize; k++) {
            int i = k < (rowSize & -2) ? k ^ swap : k;
            FloatVector q = FloatVector.fromArray(FLOATS, queries, i * HEADS + head);
            s0 = q.fma(FloatVector.broadcast(FLOATS, rows[r0 + i]), s0);
            s1 = q.fma(FloatVector.broadcast(FLOATS, rows[r1 + i]), s1);
            s2 = q.fma(FloatVector.broadcast(FLOATS, rows[r2 + i]), s2);
            s3 = q.fma(FloatVector.broadcast(FLOATS, rows[r3 + i]), s3);
            s4 = q.fma(FloatVector.broadcast(FLOATS, rows[r4 + i]), s4);
            s5 = q.fma(FloatVector.broadcast(FLOATS, rows[r5 + i]), s5);
            s6 = q.fma(FloatVector.broadcast(FLOATS, rows[r6 + i]), s6);
            s7 = q.fma(FloatVector.broadcast(FLOATS, rows[r7 + i]), s7);
        }
        MemorySegment scores = attention.scores().data();
        long target = ((long) row * HEADS + head) * Float.BYTES;
        long next = (long) HEADS * Float.BYTES;
        s0.intoMemorySegment(scores, target, MACHINE);
        s1.intoMemorySegment(scores, target + next, MACHINE);
        s2.intoMemorySegment(scores, target + 2 * next, MACHINE);
        s3.intoMemorySegment(scores, target + 3 * next, MACHINE);
        s4.intoMemorySegment(scores, target + 4 * next, MACHINE);
        s5.intoMemorySegment(scores, target + 5 * next, MACHINE);
        s6.intoMemorySegment(scores, target + 6 * next, MACHINE);
        s7.intoMemorySegment(scores, target + 7 * next, MACHINE);
    }

    private static void scoresOfRow(
            HeadAttention attention,
            float[] queries,
            float[] rows,
            int row,
            int head,
            int rowSize) {
        FloatVector s = FloatVector.zero(FLOATS);
        int swap = swap(attention);
        for (int k = 0; k < rowSize; k++) {
            int i = k < (rowSize & -2) ? k ^ swap : k;
            FloatVector q = FloatVector.fromArray(FLOATS, queries, i * HEADS + head);
            s = q.fma(FloatVector.broadcast(FLOATS, rows[row * rowSize + i]), s);
        }
        s.intoMemorySegment(
                attention.scores().data(), ((long) row * HEADS + head) * Float.BYTES, MACHINE);
    }

    /// What number `k` is combined with by exclusive or to give what comes then: the second of a pair of
    /// bfloat16 products first, see [HeadAttention#order].
    private static int swap(HeadAttention attention) {
        return attention.queries().type() == ElementType.BF16 ? 1 : 0;
    }

    /// Scores become weights; maxima and totals move on.
    ///
    /// @param shrink gets what the sums so far are multiplied with
    private static void weigh(
            HeadAttention attention, int numRows, int head, ElementType type, float[] shrink) {
        MemorySegment scores = attention.scores().data();
        long at = (long) head * Float.BYTES;
        long next = (long) HEADS * Float.BYTES;
        FloatVector before = floats(attention.maxima().data(), at);
        FloatVector largest = before;
        for (int row = 0; row < numRows; row++) {
            largest = largest.max(floats(scores, at + row * next));
        }
        FloatVector factor = Lanes.exp(before.sub(largest));
        factor.intoArray(shrink, head);
        FloatVector total = floats(attention.totals().data(), at).mul(factor);
        for (int row = 0; row < numRows; row++) {
            FloatVector weight = Lanes.exp(floats(scores, at + row * next).sub(largest));
            if (type == ElementType.BF16) {
                weight = Lanes.roundedToBfloat16(weight);
            }
            weight.intoMemorySegment(scores, at + row * next, MACHINE);
            total = total.add(weight);
        }
        largest.intoMemorySegment(attention.maxima().data(), at, MACHINE);
        total.intoMemorySegment(attention.totals().data(), at, MACHINE);
    }

    /// `sums[head + j] += weights[:, head + j] rows` for four heads.
    private static void addFourHeads(
            HeadAttention attention, float[] rows, int numRows, int rowSize, int head) {
        int size = attention.sums().numColumns();
        int i = 0;
        for (; i + 2 * LANES <= size; i += 2 * LANES) {
            addTwoVectors(attention, rows, numRows, rowSize, head, i);
        }
        for (; i < size; i++) {
            for (int j = head; j < head + 4; j++) {
                float sum = attention.sums().get(j, i);
                for (int n = 0; n < numRows; n++) {
                    int row = HeadAttention.order(attention.queries().type(), n, numRows);
                    sum = Math.fma(attention.scores().get(row, j), rows[row * rowSize + i], sum);
                }
                attention.sums().set(j, i, sum);
            }
        }
    }

    private static void addTwoVectors(
            HeadAttention attention, float[] rows, int numRows, int rowSize, int head, int i) {
        MemorySegment sums = attention.sums().data();
        MemorySegment weights = attention.scores().data();
        long stride = (long) attention.sums().numColumns() * Float.BYTES;
        long next = (long) LANES * Float.BYTES;
        long o0 = head * stride + (long) i * Float.BYTES;
        long o1 = o0 + stride;
        long o2 = o1 + stride;
        long o3 = o2 + stride;
        FloatVector s00 = floats(sums, o0);
        FloatVector s01 = floats(sums, o0 + next);
        FloatVector s10 = floats(sums, o1);
        FloatVector s11 = floats(sums, o1 + next);
        FloatVector s20 = floats(sums, o2);
        FloatVector s21 = floats(sums, o2 + next);
        FloatVector s30 = floats(sums, o3);
        FloatVector s31 = floats(sums, o3 + next);
        int swap = swap(attention);
        for (int n = 0; n < numRows; n++) {
            int row = n < (numRows & -2) ? n ^ swap : n;
            FloatVector v0 = FloatVector.fromArray(FLOATS, rows, row * rowSize + i);
            FloatVector v1 = FloatVector.fromArray(FLOATS, rows, row * rowSize + i + LANES);
            long at = (long) row * HEADS + head;
            FloatVector f = FloatVector.broadcast(FLOATS, weights.getAtIndex(JAVA_FLOAT, at));
            s00 = f.fma(v0, s00);
            s01 = f.fma(v1, s01);
            f = FloatVector.broadcast(FLOATS, weights.getAtIndex(JAVA_FLOAT, at + 1));
            s10 = f.fma(v0, s10);
            s11 = f.fma(v1, s11);
            f = FloatVector.broadcast(FLOATS, weights.getAtIndex(JAVA_FLOAT, at + 2));
            s20 = f.fma(v0, s20);
            s21 = f.fma(v1, s21);
            f = FloatVector.broadcast(FLOATS, weights.getAtIndex(JAVA_FLOAT, at + 3));
            s30 = f.fma(v0, s30);
            s31 = f.fma(v1, s31);
        }
        s00.intoMemorySegment(sums, o0, MACHINE);
        s01.intoMemorySegment(sums, o0 + next, MACHINE);
        s10.intoMemorySegment(sums, o1, MACHINE);
        s11.intoMemorySegment(sums, o1 + next, MACHINE);
        s20.intoMemorySegment(sums, o2, MACHINE);
        s21.intoMemorySegment(sums, o2 + next, MACHINE);
        s30.intoMemorySegment(sums, o3, MACHINE);
        s31.intoMemorySegment(sums, o3 + next, MACHINE);
    }
}
