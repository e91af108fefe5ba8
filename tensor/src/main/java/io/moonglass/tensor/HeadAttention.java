package io.moonglass.tensor;

/// Attention of up to 16 heads of one token to cache rows that they share, block by block: an online
/// softmax whose heads lie in the lanes of a vector.
///
/// Source: Milakov and Gimelshein 2018, "Online normalizer calculation for softmax".
///
/// @param queries `[rowSize, HEADS]`: the heads' queries, scaled, a head per column; columns of heads
///                that are not there are zeros
/// @param scores  `[most rows of a block, HEADS]`, scratch
/// @param maxima  `[1, HEADS]`: the largest scores so far
/// @param totals  `[1, HEADS]`: what the sums are divided by in the end
/// @param sums    `[HEADS, latentSize]`: weighted sums of the first elements of rows
public record HeadAttention(
        FloatMatrix queries,
        FloatMatrix scores,
        FloatMatrix maxima,
        FloatMatrix totals,
        FloatMatrix sums) {

    /// Heads that share a register.
    public static final int HEADS = 16;

    public HeadAttention {
        if (queries.numColumns() != HEADS
                || scores.numColumns() != HEADS
                || maxima.numColumns() != HEADS
                || totals.numColumns() != HEADS
                || sums.numRows() != HEADS
                || sums.numColumns() > queries.numRows()) {
            throw new IllegalArgumentException(
                    "attention of %d heads to sums of [%d, %d]"
                            .formatted(queries.numColumns(), sums.numRows(), sums.numColumns()));
        }
    }

    /// Forgets everything: no row was seen.
    public void reset() {
        for (int head = 0; head < HEADS; head++) {
            maxima.set(0, head, Float.NEGATIVE_INFINITY);
        }
        totals.data().fill((byte) 0);
        sums.data().fill((byte) 0);
    }

    /// Attends to one block.
    ///
    /// @param rows `[numRows, rowSize]`
    public void attend(WeightMatrix rows) {
        if (rows.numColumns() != queries.numRows() || rows.numRows() > scores.numRows()) {
            throw new IllegalArgumentException(
                    "attention to rows [%d, %d]; want at most %d of %d"
                            .formatted(
                                    rows.numRows(),
                                    rows.numColumns(),
                                    scores.numRows(),
                                    queries.numRows()));
        }
        Kernels.fastest().attend(this, rows);
    }
}
