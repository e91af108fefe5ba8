package io.moonglass.tensor;

import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.INTS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.Lanes.SHORTS;
import static io.moonglass.tensor.PanelMatrix.GROUP_BYTES;
import static io.moonglass.tensor.PanelMatrix.PANEL_ROWS;
import static io.moonglass.tensor.QuantizedRows.BLOCK_COLUMNS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/// Products of one row with quantised panels, of [VectorKernels]: what generates tokens, and is bound by
/// memory if it computes in whole numbers of 16 bits.
///
/// A lane of 32 bits holds four weights of its row in Q8 and else eight; its halves are multiplied with
/// the two activations of a pair. In Q4 and Q4A the sum of a block fits into a half, 16 times 15 times 127, and so it may
/// wrap around on the way: weights are shifted down with all that stands above them, 16 times too much of the next, which the
/// next one's factor takes off again. In Q8 the sum of two products fits.
final class VectorPanelRow {

    private static final ValueLayout.OfLong WORDS =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat SCALE = ValueLayout.JAVA_FLOAT_UNALIGNED;

    /// Rows that are multiplied one by one.
    static final int MOST_ROWS = 3;

    private static final int BLOCK_PAIRS = BLOCK_COLUMNS / 2;

    private static final long LOW_WORD = 0xffff_ffffL;
    private static final long LOW_BYTES = 0x00ff_00ff_00ff_00ffL;
    private static final long BYTE_SIGNS = 0x0080_0080_0080_0080L;
    private static final long SIGNS = 0x8000_8000_8000_8000L;

    /// What a thread prepared last, by the row's number: it multiplies the same rows with piece after piece.
    private static final ThreadLocal<Prepared[]> PREPARED =
            ThreadLocal.withInitial(() -> new Prepared[MOST_ROWS]);

    private VectorPanelRow() {}

    /// A row as panels of one type are multiplied with.
    ///
    /// @param source  the row itself, a copy
    /// @param pairs   see [#pairs]
    /// @param offsets what sums of Q4 have too much, times -1
    private record Prepared(
            MemorySegment source,
            PanelType type,
            int[] pairs,
            float[] scales,
            int[] offsets,
            float[] sums) {

        boolean isFor(QuantizedRows x, int row, PanelType wanted) {
            long from = x.blockOffset(row, 0);
            long to = x.blockOffset(row + 1, 0);
            return type == wanted
                    && MemorySegment.mismatch(x.data(), from, to, source, 0, source.byteSize()) < 0;
        }
    }

    private static Prepared prepared(QuantizedRows x, int row, PanelType type) {
        Prepared[] last = PREPARED.get();
        if (last[row] == null || !last[row].isFor(x, row, type)) {
            last[row] = prepare(x, row, type);
        }
        return last[row];
    }

    private static Prepared prepare(QuantizedRows x, int row, PanelType type) {
        int numBlocks = x.numBlocks();
        float[] scales = new float[numBlocks];
        int[] offsets = new int[numBlocks];
        float[] sums = new float[numBlocks];
        for (int block = 0; block < numBlocks; block++) {
            long at = x.blockOffset(row, block);
            scales[block] = x.data().get(SCALE, at + QuantizedRows.SCALE);
            int sum = x.sum(at);
            offsets[block] = -type.offset() * sum;
            sums[block] = sum;
        }
        MemorySegment source = MemorySegment.ofArray(new byte[(int) x.blockOffset(1, 0)]);
        MemorySegment.copy(x.data(), x.blockOffset(row, 0), source, 0, source.byteSize());
        return new Prepared(source, type, pairs(x, row, type), scales, offsets, sums);
    }

    /// @param row below [#MOST_ROWS]
    static void linear(
            QuantizedRows x,
            int row,
            PanelMatrix weight,
            FloatMatrix out,
            int fromPanel,
            int toPanel) {
        Prepared prepared = prepared(x, row, weight.type());
        float[] sums = new float[PANEL_ROWS];
        for (int panel = fromPanel; panel < toPanel; panel++) {
            for (int first = 0; first < PANEL_ROWS; first += LANES) {
                switch (weight.type()) {
                    case Q4 -> sumsOfNibbles(weight, panel, first, prepared, sums);
                    case Q4A -> sumsWithMinima(weight, panel, first, prepared, sums);
                    case Q8 -> sumsOfBytes(weight, panel, first, prepared, sums);
                }
            }
            int column = panel * PANEL_ROWS;
            int kept = Math.min(PANEL_ROWS, weight.numRows() - column);
            long to = ((long) row * out.numColumns() + column) * Float.BYTES;
            MemorySegment.copy(sums, 0, out.data(), ValueLayout.JAVA_FLOAT, to, kept);
        }
    }

    /// Four of every eight columns: in Q8 the first and third, the second and fourth, and so on; else, as their
    /// weights lie in one half, the factors of weights as they are and shifted by 4, 8 and 12.
    private static int[] pairs(QuantizedRows x, int row, PanelType type) {
        int[] pairs = new int[x.numBlocks() * BLOCK_PAIRS];
        for (int block = 0; block < x.numBlocks(); block++) {
            long at = x.blockOffset(row, block);
            for (int i = 0; i < BLOCK_PAIRS; i += 4) {
                long words = x.data().get(WORDS, at + 2L * i);
                long even = widened(words & LOW_BYTES);
                long odd = widened(words >>> 8 & LOW_BYTES);
                long first;
                long second;
                if (type == PanelType.Q8) {
                    first = even & LOW_WORD | odd << Integer.SIZE;
                    second = even >>> Integer.SIZE | odd & ~LOW_WORD;
                } else {
                    long before = odd << Integer.SIZE | even >>> Integer.SIZE;
                    first = lessSixteenTimes(even, even << Integer.SIZE);
                    second = lessSixteenTimes(odd, before);
                }
                int to = block * BLOCK_PAIRS + i;
                pairs[to] = (int) first;
                pairs[to + 1] = (int) (first >>> Integer.SIZE);
                pairs[to + 2] = (int) second;
                pairs[to + 3] = (int) (second >>> Integer.SIZE);
            }
        }
        return pairs;
    }

    /// The low bytes of four halves with their signs.
    private static long widened(long bytes) {
        return bytes | (bytes & BYTE_SIGNS) * 0x1fe;
    }

    /// `a - 16 b` in each of four halves.
    private static long lessSixteenTimes(long a, long b) {
        long taken = b << 4 & 0xfff0_fff0_fff0_fff0L;
        return (a | SIGNS) - (taken & ~SIGNS) ^ (a ^ ~taken) & SIGNS;
    }

    private static void sumsOfNibbles(
            PanelMatrix weight, int panel, int first, Prepared prepared, float[] sums) {
        MemorySegment data = weight.data();
        int numBlocks = weight.numBlocks();
        long next = weight.type().storedBlockBytes();
        long words = weight.blockOffset(panel, 0) + first * (long) Integer.BYTES;
        long scales = weight.scaleOffset(panel, 0) + first * (long) Short.BYTES;
        int[] factors = prepared.pairs;
        int[] offsets = prepared.offsets;
        float[] rowScales = prepared.scales;
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int block = 0; block < numBlocks; block++) {
            IntVector dot = dotOfNibbles(data, words + block * next, factors, block);
            FloatVector scale = Lanes.halves(data, scales + block * next).mul(rowScales[block]);
            sum =
                    ((FloatVector) dot.add(offsets[block]).convert(VectorOperators.I2F, 0))
                            .fma(scale, sum);
        }
        sum.intoArray(sums, first);
    }

    private static void sumsWithMinima(
            PanelMatrix weight, int panel, int first, Prepared prepared, float[] sums) {
        MemorySegment data = weight.data();
        int numBlocks = weight.numBlocks();
        long next = weight.type().storedBlockBytes();
        long words = weight.blockOffset(panel, 0) + first * (long) Integer.BYTES;
        long scales = weight.scaleOffset(panel, 0) + first * (long) Short.BYTES;
        long minima = weight.minimumOffset(panel, 0) + first * (long) Short.BYTES;
        int[] factors = prepared.pairs;
        float[] rowScales = prepared.scales;
        float[] rowSums = prepared.sums;
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int block = 0; block < numBlocks; block++) {
            IntVector dot = dotOfNibbles(data, words + block * next, factors, block);
            FloatVector least = Lanes.halves(data, minima + block * next).mul(rowSums[block]);
            sum =
                    ((FloatVector) dot.convert(VectorOperators.I2F, 0))
                            .fma(Lanes.halves(data, scales + block * next), least)
                            .fma(FloatVector.broadcast(FLOATS, rowScales[block]), sum);
        }
        sum.intoArray(sums, first);
    }

    private static IntVector dotOfNibbles(MemorySegment data, long at, int[] factors, int block) {
        ShortVector dots = ShortVector.zero(SHORTS);
        int factor = block * BLOCK_PAIRS;
        for (int group = 0; group < BLOCK_PAIRS / 4; group++, factor += 4) {
            ShortVector w = shorts(data, at + group * GROUP_BYTES);
            dots = dots.add(w.mul(both(factors, factor)));
            dots = dots.add(shifted(w, 4).mul(both(factors, factor + 1)));
            dots = dots.add(shifted(w, 8).mul(both(factors, factor + 2)));
            dots = dots.add(shifted(w, 12).mul(both(factors, factor + 3)));
        }
        return halvesAdded(dots);
    }

    private static void sumsOfBytes(
            PanelMatrix weight, int panel, int first, Prepared prepared, float[] sums) {
        MemorySegment data = weight.data();
        int numBlocks = weight.numBlocks();
        long next = weight.type().storedBlockBytes();
        long words = weight.blockOffset(panel, 0) + first * (long) Integer.BYTES;
        long scales = weight.scaleOffset(panel, 0) + first * (long) Short.BYTES;
        int[] pairs = prepared.pairs;
        float[] rowScales = prepared.scales;
        FloatVector sum = FloatVector.zero(FLOATS);
        for (int block = 0; block < numBlocks; block++) {
            long at = words + block * next;
            IntVector dot = IntVector.zero(INTS);
            int pair = block * BLOCK_PAIRS;
            for (int group = 0; group < BLOCK_PAIRS / 2; group++, pair += 2) {
                ShortVector w = shorts(data, at + group * GROUP_BYTES);
                w = w.lanewise(VectorOperators.XOR, (short) 0x8080); // without the offset
                ShortVector even =
                        w.lanewise(VectorOperators.LSHL, 8)
                                .lanewise(VectorOperators.ASHR, 8)
                                .mul(both(pairs, pair));
                ShortVector odd = w.lanewise(VectorOperators.ASHR, 8).mul(both(pairs, pair + 1));
                dot = dot.add(halvesAdded(even.add(odd)));
            }
            FloatVector scale = Lanes.halves(data, scales + block * next).mul(rowScales[block]);
            sum = ((FloatVector) dot.convert(VectorOperators.I2F, 0)).fma(scale, sum);
        }
        sum.intoArray(sums, first);
    }

    private static ShortVector shorts(MemorySegment data, long at) {
        return Lanes.storedInts(data, at).reinterpretAsShorts();
    }

    private static ShortVector shifted(ShortVector w, int by) {
        return w.lanewise(VectorOperators.LSHR, by);
    }

    private static ShortVector both(int[] pairs, int at) {
        return IntVector.broadcast(INTS, pairs[at]).reinterpretAsShorts();
    }

    private static IntVector halvesAdded(ShortVector dots) {
        IntVector words = dots.reinterpretAsInts();
        return words.lanewise(VectorOperators.LSHL, 16)
                .lanewise(VectorOperators.ASHR, 16)
                .add(words.lanewise(VectorOperators.ASHR, 16));
    }
}
