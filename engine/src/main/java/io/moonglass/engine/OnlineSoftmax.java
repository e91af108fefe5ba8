package io.moonglass.engine;

import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.Kernels;

/// Softmax-weighted sums whose scores come in pieces: per row a running maximum, the sum of the
/// exponentials below it, and an output that is brought to every new maximum.
///
/// Source: Milakov and Gimelshein 2018, "Online normalizer calculation for softmax".
///
/// @param maxima  `[1, numRows]`
/// @param totals  `[1, numRows]`: what the outputs are divided by in the end
/// @param outputs `[numRows, dim]`: weighted sums so far
record OnlineSoftmax(FloatMatrix maxima, FloatMatrix totals, FloatMatrix outputs) {

    /// Forgets everything: no score was seen.
    void reset() {
        for (int row = 0; row < maxima.numColumns(); row++) {
            maxima.set(0, row, Float.NEGATIVE_INFINITY);
        }
        totals.data().fill((byte) 0);
        outputs.data().fill((byte) 0);
    }

    /// Turns the first `numScores` scores of a row into weights; the caller then adds the values, so
    /// weighted, to the row's output.
    void weigh(int row, FloatMatrix scores, int scoresRow, int numScores) {
        float before = maxima.get(0, row);
        float max = Math.max(before, Kernels.max(scores, scoresRow, numScores));
        if (max == Float.NEGATIVE_INFINITY) {
            scores.rows(scoresRow, 1).data().fill((byte) 0); // nothing seen yet
            return;
        }
        float total = totals.get(0, row);
        if (max > before) {
            float shrink = (float) Math.exp(before - max);
            total *= shrink;
            Kernels.scale(outputs, row, 0, outputs.numColumns(), shrink);
            maxima.set(0, row, max);
        }
        total += Kernels.exponentials(scores, scoresRow, numScores, 1, max);
        totals.set(0, row, total);
    }
}
