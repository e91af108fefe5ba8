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
///
/// Rows and queries are widened first, rows in the order in which they are added up.
final class VectorAttention {

    /// What rows, queries and weights are brought into; a thread's own, because clearing new arrays took as
    /// long as filling them.
    private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

    /// Rows of a tile of scores.
    private static final int SCORE_ROWS = 8;

    /// Heads of a tile of sums, of which two or three vectors fit into 16 registers.
    private static final int SUM_HEADS = 4;

    private VectorAttention() {}

    private static final class Scratch {
        private MemorySegment widened;
        private float[] queries = {};
        private float[] rows = {};
        private float[] weights = {};

        void reserve(int numRows, int rowSize) {
            int numQueries = (rowSize + 1) / 2 * 2 * HEADS;
            if (queries.length < numQueries) {
                queries = new float[numQueries];
            }
            if (rows.length < numRows * rowSize) {
                rows = new float[numRows * rowSize];
            }
            if (weights.length < numRows * HEADS) {
                weights = new float[numRows * HEADS];
            }
        }
    }

    static void attend(HeadAttention attention, WeightMatrix rows) {
        int rowSize = rows.numColumns();
        int numRows = rows.numRows();
        Scratch scratch = SCRATCH.get();
        scratch.reserve(numRows, rowSize);
        if (scratch.widened != attention.queries().data() || isFirstBlock(attention)) {
            widen(attention.queries(), scratch.queries);
            scratch.widened = attention.queries().data();
        }
        // the second of a pair of bfloat16 products comes first, see HeadAttention.order
        int swap = rows.type() == ElementType.BF16 ? 1 : 0;
        for (int row = 0; row < numRows; row++) {
            int place = HeadAttention.order(rows.type(), row, numRows);
            widen(rows, row, scratch.rows, place * rowSize);
        }
        for (int head = 0; head < HEADS; head += LANES) {
            int row = 0;
            for (; row + SCORE_ROWS <= numRows; row += SCORE_ROWS) {
                scoresOfEightRows(scratch, row, head, rowSize, swap);
            }
            for (; row < numRows; row++) {
                scoresOfRow(scratch, row, head, rowSize, swap);
            }
        }
        float[] shrink = new float[HEADS];
        weigh(attention, scratch.weights, numRows, rows.type(), shrink);
        FloatMatrix sums = attention.sums();
        for (int head = 0; head < HEADS; head++) {
            if (shrink[head] != 1) {
                Kernels.scale(sums, head, 0, sums.numColumns(), shrink[head]);
            }
        }
        addRows(sums, scratch, numRows, rowSize);
    }

    /// Since [HeadAttention#reset()], before which queries may have changed.
    private static boolean isFirstBlock(HeadAttention attention) {
        return attention.maxima().get(0, 0) == Float.NEGATIVE_INFINITY;
    }

    /// A vector of 16 floats for each element.
    private static void widen(HeadQueries queries, float[] widened) {
        int rowSize = queries.rowSize();
        switch (queries.type()) {
            case F32 ->
                    MemorySegment.copy(queries.data(), JAVA_FLOAT, 0, widened, 0, rowSize * HEADS);
            case BF16 -> {
                for (int i = 0; i < rowSize * HEADS; i += 2 * HEADS) {
                    for (int head = 0; head < HEADS; head += LANES) {
                        IntVector pairs =
                                IntVector.fromMemorySegment(
                                        INTS, queries.data(), (i / 2 + head) * 4L, MACHINE);
                        pairs.lanewise(VectorOperators.LSHL, 16)
                                .reinterpretAsFloats()
                                .intoArray(widened, i + head);
                        pairs.and(0xffff0000)
                                .reinterpretAsFloats()
                                .intoArray(widened, i + HEADS + head);
                    }
                }
            }
        }
    }

    private static void widen(WeightMatrix rows, int row, float[] widened, int to) {
        int rowSize = rows.numColumns();
        int bound = FLOATS.loopBound(rowSize);
        long first = (long) row * rowSize;
        switch (rows.type()) {
            case F32 -> {
                for (int i = 0; i < bound; i += LANES) {
                    Lanes.stored(rows.data(), (first + i) * Float.BYTES).intoArray(widened, to + i);
                }
            }
            case BF16 -> {
                for (int i = 0; i < bound; i += LANES) {
                    Lanes.widened(rows.data(), (first + i) * Short.BYTES)
                            .intoArray(widened, to + i);
                }
            }
        }
        for (int i = bound; i < rowSize; i++) {
            widened[to + i] = ScalarKernels.element(rows, row, i);
        }
    }

    /// Eight sums in registers, which is as many as additions take time.
    private static void scoresOfEightRows(
            Scratch scratch, int row, int head, int rowSize, int swap) {
        float[] queries = scratch.queries;
        float[] rows = scratch.rows;
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
        int to = row * HEADS + head;
        s0.intoArray(scratch.weights, to);
        s1.intoArray(scratch.weights, to + HEADS);
        s2.intoArray(scratch.weights, to + 2 * HEADS);
        s3.intoArray(scratch.weights, to + 3 * HEADS);
        s4.intoArray(scratch.weights, to + 4 * HEADS);
        s5.intoArray(scratch.weights, to + 5 * HEADS);
        s6.intoArray(scratch.weights, to + 6 * HEADS);
        s7.intoArray(scratch.weights, to + 7 * HEADS);
    }

    private static void scoresOfRow(Scratch scratch, int row, int head, int rowSize, int swap) {
        FloatVector s = FloatVector.zero(FLOATS);
        for (int k = 0; k < rowSize; k++) {
            int i = k < (rowSize & -2) ? k ^ swap : k;
            FloatVector q = FloatVector.fromArray(FLOATS, scratch.queries, i * HEADS + head);
            s = q.fma(FloatVector.broadcast(FLOATS, scratch.rows[row * rowSize + i]), s);
        }
        s.intoArray(scratch.weights, row * HEADS + head);
    }

    /// Scores become weights; maxima and totals move on.
    ///
    /// @param weights the scores, in the order of widened rows
    /// @param shrink  gets what the sums so far are multiplied with
    private static void weigh(
            HeadAttention attention,
            float[] weights,
            int numRows,
            ElementType type,
            float[] shrink) {
        int size = numRows * HEADS;
        for (int head = 0; head < HEADS; head += LANES) {
            raiseMaximum(attention.maxima(), weights, size, head, shrink);
        }
        VectorWeights.exponentials(shrink, 0, HEADS);
        VectorWeights.exponentials(weights, 0, size);
        if (type == ElementType.BF16) {
            VectorWeights.roundToBfloat16(weights, 0, size);
        }
        MemorySegment totals = attention.totals().data();
        for (int head = 0; head < HEADS; head += LANES) {
            long at = (long) head * Float.BYTES;
            FloatVector total = floats(totals, at).mul(FloatVector.fromArray(FLOATS, shrink, head));
            for (int row = 0; row < numRows; row++) {
                int place = HeadAttention.order(type, row, numRows) * HEADS + head;
                total = total.add(FloatVector.fromArray(FLOATS, weights, place));
            }
            total.intoMemorySegment(totals, at, MACHINE);
        }
    }

    /// Takes the largest scores off all, and off the largest so far.
    private static void raiseMaximum(
            FloatMatrix maxima, float[] scores, int size, int head, float[] shrink) {
        long at = (long) head * Float.BYTES;
        FloatVector before = floats(maxima.data(), at);
        FloatVector largest = before;
        for (int i = head; i < size; i += HEADS) {
            FloatVector score = FloatVector.fromArray(FLOATS, scores, i);
            largest = largest.blend(score, score.compare(VectorOperators.GT, largest));
        }
        for (int i = head; i < size; i += HEADS) {
            FloatVector.fromArray(FLOATS, scores, i).sub(largest).intoArray(scores, i);
        }
        before.sub(largest).intoArray(shrink, head);
        largest.intoMemorySegment(maxima.data(), at, MACHINE);
    }

    /// `sums += weightsᵀ rows`. All heads take two or three vectors of each row before any takes the next, while they
    /// are in the first-level cache.
    private static void addRows(FloatMatrix sums, Scratch scratch, int numRows, int rowSize) {
        int size = sums.numColumns();
        int i = 0;
        while (i + 2 * LANES <= size) {
            int numVectors = VectorTiles.vectorsOfTile((size - i) / LANES);
            for (int head = 0; head < HEADS; head += SUM_HEADS) {
                if (numVectors == 3) {
                    addThreeVectors(sums, scratch, numRows, rowSize, head, i);
                } else {
                    addTwoVectors(sums, scratch, numRows, rowSize, head, i);
                }
            }
            i += numVectors * LANES;
        }
        for (; i < size; i++) {
            for (int head = 0; head < HEADS; head++) {
                float sum = sums.get(head, i);
                for (int row = 0; row < numRows; row++) {
                    float weight = scratch.weights[row * HEADS + head];
                    sum = Math.fma(weight, scratch.rows[row * rowSize + i], sum);
                }
                sums.set(head, i, sum);
            }
        }
    }

    private static void addThreeVectors(
            FloatMatrix out, Scratch scratch, int numRows, int rowSize, int head, int i) {
        float[] weights = scratch.weights;
        float[] rows = scratch.rows;
        MemorySegment sums = out.data();
        long next = (long) LANES * Float.BYTES;
        long stride = (long) out.numColumns() * Float.BYTES;
        long o0 = head * stride + (long) i * Float.BYTES;
        long o1 = o0 + stride;
        long o2 = o1 + stride;
        long o3 = o2 + stride;
        FloatVector s00 = floats(sums, o0);
        FloatVector s01 = floats(sums, o0 + next);
        FloatVector s02 = floats(sums, o0 + 2 * next);
        FloatVector s10 = floats(sums, o1);
        FloatVector s11 = floats(sums, o1 + next);
        FloatVector s12 = floats(sums, o1 + 2 * next);
        FloatVector s20 = floats(sums, o2);
        FloatVector s21 = floats(sums, o2 + next);
        FloatVector s22 = floats(sums, o2 + 2 * next);
        FloatVector s30 = floats(sums, o3);
        FloatVector s31 = floats(sums, o3 + next);
        FloatVector s32 = floats(sums, o3 + 2 * next);
        for (int row = 0; row < numRows; row++) {
            int at = row * rowSize + i;
            FloatVector v0 = FloatVector.fromArray(FLOATS, rows, at);
            FloatVector v1 = FloatVector.fromArray(FLOATS, rows, at + LANES);
            FloatVector v2 = FloatVector.fromArray(FLOATS, rows, at + 2 * LANES);
            FloatVector f = FloatVector.broadcast(FLOATS, weights[row * HEADS + head]);
            s00 = f.fma(v0, s00);
            s01 = f.fma(v1, s01);
            s02 = f.fma(v2, s02);
            f = FloatVector.broadcast(FLOATS, weights[row * HEADS + head + 1]);
            s10 = f.fma(v0, s10);
            s11 = f.fma(v1, s11);
            s12 = f.fma(v2, s12);
            f = FloatVector.broadcast(FLOATS, weights[row * HEADS + head + 2]);
            s20 = f.fma(v0, s20);
            s21 = f.fma(v1, s21);
            s22 = f.fma(v2, s22);
            f = FloatVector.broadcast(FLOATS, weights[row * HEADS + head + 3]);
            s30 = f.fma(v0, s30);
            s31 = f.fma(v1, s31);
            s32 = f.fma(v2, s32);
        }
        s00.intoMemorySegment(sums, o0, MACHINE);
        s01.intoMemorySegment(sums, o0 + next, MACHINE);
        s02.intoMemorySegment(sums, o0 + 2 * next, MACHINE);
        s10.intoMemorySegment(sums, o1, MACHINE);
        s11.intoMemorySegment(sums, o1 + next, MACHINE);
        s12.intoMemorySegment(sums, o1 + 2 * next, MACHINE);
        s20.intoMemorySegment(sums, o2, MACHINE);
        s21.intoMemorySegment(sums, o2 + next, MACHINE);
        s22.intoMemorySegment(sums, o2 + 2 * next, MACHINE);
        s30.intoMemorySegment(sums, o3, MACHINE);
        s31.intoMemorySegment(sums, o3 + next, MACHINE);
        s32.intoMemorySegment(sums, o3 + 2 * next, MACHINE);
    }

    private static void addTwoVectors(
            FloatMatrix out, Scratch scratch, int numRows, int rowSize, int head, int i) {
        float[] weights = scratch.weights;
        float[] rows = scratch.rows;
        MemorySegment sums = out.data();
        long next = (long) LANES * Float.BYTES;
        long stride = (long) out.numColumns() * Float.BYTES;
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
        for (int row = 0; row < numRows; row++) {
            int at = row * rowSize + i;
            FloatVector v0 = FloatVector.fromArray(FLOATS, rows, at);
            FloatVector v1 = FloatVector.fromArray(FLOATS, rows, at + LANES);
            FloatVector f = FloatVector.broadcast(FLOATS, weights[row * HEADS + head]);
            s00 = f.fma(v0, s00);
            s01 = f.fma(v1, s01);
            f = FloatVector.broadcast(FLOATS, weights[row * HEADS + head + 1]);
            s10 = f.fma(v0, s10);
            s11 = f.fma(v1, s11);
            f = FloatVector.broadcast(FLOATS, weights[row * HEADS + head + 2]);
            s20 = f.fma(v0, s20);
            s21 = f.fma(v1, s21);
            f = FloatVector.broadcast(FLOATS, weights[row * HEADS + head + 3]);
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
