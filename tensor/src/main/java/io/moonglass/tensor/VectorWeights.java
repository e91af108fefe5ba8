package io.moonglass.tensor;

import static io.moonglass.tensor.KeyValueTiles.TILE_KEYS;
import static io.moonglass.tensor.KeyValueTiles.TOTALS;
import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.Lanes.SWAP_PAIRS;

import jdk.incubator.vector.FloatVector;

/// How scores become weights, of attention on vectors.
///
/// No method here takes a vector, so that each can be compiled apart, with room for what it calls. Attention is more than the compiler puts
/// into one piece, and where it stops, a method that takes a vector gets an object for each: a third more time for a picture, in
/// one of seven starts.
final class VectorWeights {

    private VectorWeights() {}

    /// `x = exp(x)` for elements `[from, to)`.
    ///
    /// @param to whole vectors after `from`
    static void exponentials(float[] x, int from, int to) {
        for (int i = from; i < to; i += LANES) {
            Lanes.exp(FloatVector.fromArray(FLOATS, x, i)).intoArray(x, i);
        }
    }

    /// `exp(score - maximum)` of each query's scores of a tile, added to its totals.
    ///
    /// @param scores  `[numQueries, TILE_KEYS]` from `from` on; get the weights
    /// @param maxima  of the queries, from `query` on
    /// @param totals  `[.., TOTALS]`, likewise
    /// @param rounded to bfloat16 after they were added, the second of a pair before the first
    static void weigh(
            float[] scores,
            int from,
            int numQueries,
            float[] maxima,
            int query,
            float[] totals,
            boolean rounded) {
        for (int i = 0; i < numQueries * TILE_KEYS; i += LANES) {
            int row = query + i / TILE_KEYS;
            FloatVector score = FloatVector.fromArray(FLOATS, scores, from + i);
            FloatVector weight = Lanes.exp(score.sub(maxima[row]));
            int total = row * TOTALS + i % TOTALS;
            FloatVector.fromArray(FLOATS, totals, total).add(weight).intoArray(totals, total);
            if (rounded) {
                weight = Lanes.roundedToBfloat16(weight).rearrange(SWAP_PAIRS);
            }
            weight.intoArray(scores, from + i);
        }
    }

    /// The nearest bfloat16 numbers, for elements `[from, to)`.
    ///
    /// @param to whole vectors after `from`
    static void roundToBfloat16(float[] x, int from, int to) {
        for (int i = from; i < to; i += LANES) {
            Lanes.roundedToBfloat16(FloatVector.fromArray(FLOATS, x, i)).intoArray(x, i);
        }
    }
}
