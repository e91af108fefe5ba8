package io.moonglass.tensor;

import java.lang.foreign.MemorySegment;

/// Attention of up to 16 heads of one token to cache rows that they share, block by block: an online
/// softmax whose heads lie in the lanes of a vector.
///
/// With bfloat16 rows, queries and weights are rounded to bfloat16 as well; products are exact and sums
/// floats.
///
/// Source: Milakov and Gimelshein 2018, "Online normalizer calculation for softmax".
///
/// @param queries the heads' queries, scaled; zeros for heads that are not there
/// @param scores  `[most rows of a block, HEADS]`, scratch
/// @param maxima  `[1, HEADS]`: the largest scores so far
/// @param totals  `[1, HEADS]`: what the sums are divided by in the end
/// @param sums    `[HEADS, latentSize]`: weighted sums of the first elements of rows
public record HeadAttention(
        HeadQueries queries,
        FloatMatrix scores,
        FloatMatrix maxima,
        FloatMatrix totals,
        FloatMatrix sums) {

    /// Heads that share a register.
    public static final int HEADS = 16;

    public HeadAttention {
        if (scores.numColumns() != HEADS
                || maxima.numColumns() != HEADS
                || totals.numColumns() != HEADS
                || sums.numRows() != HEADS
                || sums.numColumns() > queries.rowSize()) {
            throw new IllegalArgumentException(
                    "attention of %d heads to sums of [%d, %d]"
                            .formatted(scores.numColumns(), sums.numRows(), sums.numColumns()));
        }
    }

    /// What is added as number `index` of `count` products: of bfloat16 pairs the odd one comes first, as
    /// in the instruction that adds both.
    static int order(ElementType type, int index, int count) {
        int other = index ^ 1;
        return type == ElementType.BF16 && other < count ? other : index;
    }

    /// Forgets everything: no row was seen. Queries may change before this, and not between blocks.
    public void reset() {
        for (int head = 0; head < HEADS; head++) {
            maxima.set(0, head, Float.NEGATIVE_INFINITY);
        }
        totals.data().fill((byte) 0);
        sums.data().fill((byte) 0);
    }

    /// Attends to one block while what is read next is fetched from memory.
    ///
    /// @param rows `[numRows, rowSize]`, stored as the queries are
    /// @param next begins with the first rows of the next block, of this or another attention
    public void attend(WeightMatrix rows, MemorySegment next) {
        if (rows.type() != queries.type()
                || rows.numColumns() != queries.rowSize()
                || rows.numRows() > scores.numRows()) {
            throw new IllegalArgumentException(
                    "attention to rows [%d, %d] in %s; want at most %d of %d in %s"
                            .formatted(
                                    rows.numRows(),
                                    rows.numColumns(),
                                    rows.type(),
                                    scores.numRows(),
                                    queries.rowSize(),
                                    queries.type()));
        }
        Kernels.fastest().attend(this, rows, next);
    }
}
