package io.moonglass.tensor;

import static io.moonglass.tensor.KeyValueTiles.TILE_KEYS;
import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;

import jdk.incubator.vector.FloatVector;

/// Scores and values of a tile of keys, for [VectorTileAttention].
final class VectorTiles {

    /// Queries of a register tile.
    private static final int QUERIES = 4;

    private VectorTiles() {}

    /// So many queries as register tiles have.
    static int padded(int numQueries) {
        return (numQueries + QUERIES - 1) / QUERIES * QUERIES;
    }

    /// @param queries    `[numQueries, dim]` from `query` on
    /// @param numQueries a multiple of [#QUERIES]
    /// @param keys       `[dim, TILE_KEYS]` from `key` on: transposed, so that no sum crosses lanes
    /// @param scores     `[numQueries, TILE_KEYS]` from `score` on
    static void scores(
            float[] queries,
            int query,
            int numQueries,
            int dim,
            float[] keys,
            int key,
            float[] scores,
            int score) {
        for (int i = 0; i < TILE_KEYS; i += 2 * LANES) {
            for (int q = 0; q < numQueries; q += QUERIES) {
                scoresOfTwoVectors(
                        queries,
                        query + q * dim,
                        dim,
                        keys,
                        key + i,
                        scores,
                        score + q * TILE_KEYS + i);
            }
        }
    }

    /// Four queries by two vectors of keys: eight sums in registers.
    private static void scoresOfTwoVectors(
            float[] queries, int query, int dim, float[] keys, int key, float[] scores, int score) {
        FloatVector s00 = FloatVector.zero(FLOATS);
        FloatVector s01 = FloatVector.zero(FLOATS);
        FloatVector s10 = FloatVector.zero(FLOATS);
        FloatVector s11 = FloatVector.zero(FLOATS);
        FloatVector s20 = FloatVector.zero(FLOATS);
        FloatVector s21 = FloatVector.zero(FLOATS);
        FloatVector s30 = FloatVector.zero(FLOATS);
        FloatVector s31 = FloatVector.zero(FLOATS);
        for (int i = 0; i < dim; i++) {
            int at = key + i * TILE_KEYS;
            FloatVector k0 = FloatVector.fromArray(FLOATS, keys, at);
            FloatVector k1 = FloatVector.fromArray(FLOATS, keys, at + LANES);
            FloatVector f = FloatVector.broadcast(FLOATS, queries[query + i]);
            s00 = f.fma(k0, s00);
            s01 = f.fma(k1, s01);
            f = FloatVector.broadcast(FLOATS, queries[query + dim + i]);
            s10 = f.fma(k0, s10);
            s11 = f.fma(k1, s11);
            f = FloatVector.broadcast(FLOATS, queries[query + 2 * dim + i]);
            s20 = f.fma(k0, s20);
            s21 = f.fma(k1, s21);
            f = FloatVector.broadcast(FLOATS, queries[query + 3 * dim + i]);
            s30 = f.fma(k0, s30);
            s31 = f.fma(k1, s31);
        }
        // Stored here and not by a method: a call would make the compiler allocate every sum.
        s00.intoArray(scores, score);
        s01.intoArray(scores, score + LANES);
        s10.intoArray(scores, score + TILE_KEYS);
        s11.intoArray(scores, score + TILE_KEYS + LANES);
        s20.intoArray(scores, score + 2 * TILE_KEYS);
        s21.intoArray(scores, score + 2 * TILE_KEYS + LANES);
        s30.intoArray(scores, score + 3 * TILE_KEYS);
        s31.intoArray(scores, score + 3 * TILE_KEYS + LANES);
    }

    /// @param weights    `[numQueries, TILE_KEYS]` from `weight` on
    /// @param numQueries a multiple of [#QUERIES]
    /// @param values     `[TILE_KEYS, dim]` from `value` on
    /// @param dim        a multiple of a vector's lanes
    /// @param sums       `[numQueries, dim]` from `sum` on
    static void addValues(
            float[] weights,
            int weight,
            int numQueries,
            float[] values,
            int value,
            int dim,
            float[] sums,
            int sum) {
        int i = 0;
        while (i < dim) {
            int numVectors = vectorsOfTile((dim - i) / LANES);
            for (int q = 0; q < numQueries; q += QUERIES) {
                int from = weight + q * TILE_KEYS;
                int to = sum + q * dim + i;
                switch (numVectors) {
                    case 3 -> addThreeVectors(weights, from, values, value + i, dim, sums, to);
                    case 2 -> addTwoVectors(weights, from, values, value + i, dim, sums, to);
                    default -> addOneVector(weights, from, values, value + i, dim, sums, to);
                }
            }
            i += numVectors * LANES;
        }
    }

    /// Vectors that four rows of a register tile take next of so many: three, or two where that leaves none alone.
    static int vectorsOfTile(int numLeft) {
        return numLeft == 4 ? 2 : Math.min(numLeft, 3);
    }

    private static void addThreeVectors(
            float[] weights,
            int weight,
            float[] values,
            int value,
            int dim,
            float[] sums,
            int sum) {
        FloatVector s00 = FloatVector.fromArray(FLOATS, sums, sum);
        FloatVector s01 = FloatVector.fromArray(FLOATS, sums, sum + LANES);
        FloatVector s02 = FloatVector.fromArray(FLOATS, sums, sum + 2 * LANES);
        FloatVector s10 = FloatVector.fromArray(FLOATS, sums, sum + dim);
        FloatVector s11 = FloatVector.fromArray(FLOATS, sums, sum + dim + LANES);
        FloatVector s12 = FloatVector.fromArray(FLOATS, sums, sum + dim + 2 * LANES);
        FloatVector s20 = FloatVector.fromArray(FLOATS, sums, sum + 2 * dim);
        FloatVector s21 = FloatVector.fromArray(FLOATS, sums, sum + 2 * dim + LANES);
        FloatVector s22 = FloatVector.fromArray(FLOATS, sums, sum + 2 * dim + 2 * LANES);
        FloatVector s30 = FloatVector.fromArray(FLOATS, sums, sum + 3 * dim);
        FloatVector s31 = FloatVector.fromArray(FLOATS, sums, sum + 3 * dim + LANES);
        FloatVector s32 = FloatVector.fromArray(FLOATS, sums, sum + 3 * dim + 2 * LANES);
        for (int key = 0; key < TILE_KEYS; key++) {
            int at = value + key * dim;
            FloatVector v0 = FloatVector.fromArray(FLOATS, values, at);
            FloatVector v1 = FloatVector.fromArray(FLOATS, values, at + LANES);
            FloatVector v2 = FloatVector.fromArray(FLOATS, values, at + 2 * LANES);
            FloatVector f = FloatVector.broadcast(FLOATS, weights[weight + key]);
            s00 = f.fma(v0, s00);
            s01 = f.fma(v1, s01);
            s02 = f.fma(v2, s02);
            f = FloatVector.broadcast(FLOATS, weights[weight + TILE_KEYS + key]);
            s10 = f.fma(v0, s10);
            s11 = f.fma(v1, s11);
            s12 = f.fma(v2, s12);
            f = FloatVector.broadcast(FLOATS, weights[weight + 2 * TILE_KEYS + key]);
            s20 = f.fma(v0, s20);
            s21 = f.fma(v1, s21);
            s22 = f.fma(v2, s22);
            f = FloatVector.broadcast(FLOATS, weights[weight + 3 * TILE_KEYS + key]);
            s30 = f.fma(v0, s30);
            s31 = f.fma(v1, s31);
            s32 = f.fma(v2, s32);
        }
        s00.intoArray(sums, sum);
        s01.intoArray(sums, sum + LANES);
        s02.intoArray(sums, sum + 2 * LANES);
        s10.intoArray(sums, sum + dim);
        s11.intoArray(sums, sum + dim + LANES);
        s12.intoArray(sums, sum + dim + 2 * LANES);
        s20.intoArray(sums, sum + 2 * dim);
        s21.intoArray(sums, sum + 2 * dim + LANES);
        s22.intoArray(sums, sum + 2 * dim + 2 * LANES);
        s30.intoArray(sums, sum + 3 * dim);
        s31.intoArray(sums, sum + 3 * dim + LANES);
        s32.intoArray(sums, sum + 3 * dim + 2 * LANES);
    }

    private static void addTwoVectors(
            float[] weights,
            int weight,
            float[] values,
            int value,
            int dim,
            float[] sums,
            int sum) {
        FloatVector s00 = FloatVector.fromArray(FLOATS, sums, sum);
        FloatVector s01 = FloatVector.fromArray(FLOATS, sums, sum + LANES);
        FloatVector s10 = FloatVector.fromArray(FLOATS, sums, sum + dim);
        FloatVector s11 = FloatVector.fromArray(FLOATS, sums, sum + dim + LANES);
        FloatVector s20 = FloatVector.fromArray(FLOATS, sums, sum + 2 * dim);
        FloatVector s21 = FloatVector.fromArray(FLOATS, sums, sum + 2 * dim + LANES);
        FloatVector s30 = FloatVector.fromArray(FLOATS, sums, sum + 3 * dim);
        FloatVector s31 = FloatVector.fromArray(FLOATS, sums, sum + 3 * dim + LANES);
        for (int key = 0; key < TILE_KEYS; key++) {
            int at = value + key * dim;
            FloatVector v0 = FloatVector.fromArray(FLOATS, values, at);
            FloatVector v1 = FloatVector.fromArray(FLOATS, values, at + LANES);
            FloatVector f = FloatVector.broadcast(FLOATS, weights[weight + key]);
            s00 = f.fma(v0, s00);
            s01 = f.fma(v1, s01);
            f = FloatVector.broadcast(FLOATS, weights[weight + TILE_KEYS + key]);
            s10 = f.fma(v0, s10);
            s11 = f.fma(v1, s11);
            f = FloatVector.broadcast(FLOATS, weights[weight + 2 * TILE_KEYS + key]);
            s20 = f.fma(v0, s20);
            s21 = f.fma(v1, s21);
            f = FloatVector.broadcast(FLOATS, weights[weight + 3 * TILE_KEYS + key]);
            s30 = f.fma(v0, s30);
            s31 = f.fma(v1, s31);
        }
        s00.intoArray(sums, sum);
        s01.intoArray(sums, sum + LANES);
        s10.intoArray(sums, sum + dim);
        s11.intoArray(sums, sum + dim + LANES);
        s20.intoArray(sums, sum + 2 * dim);
        s21.intoArray(sums, sum + 2 * dim + LANES);
        s30.intoArray(sums, sum + 3 * dim);
        s31.intoArray(sums, sum + 3 * dim + LANES);
    }

    private static void addOneVector(
            float[] weights,
            int weight,
            float[] values,
            int value,
            int dim,
            float[] sums,
            int sum) {
        FloatVector s00 = FloatVector.fromArray(FLOATS, sums, sum);
        FloatVector s10 = FloatVector.fromArray(FLOATS, sums, sum + dim);
        FloatVector s20 = FloatVector.fromArray(FLOATS, sums, sum + 2 * dim);
        FloatVector s30 = FloatVector.fromArray(FLOATS, sums, sum + 3 * dim);
        for (int key = 0; key < TILE_KEYS; key++) {
            int at = value + key * dim;
            FloatVector v0 = FloatVector.fromArray(FLOATS, values, at);
            FloatVector f = FloatVector.broadcast(FLOATS, weights[weight + key]);
            s00 = f.fma(v0, s00);
            f = FloatVector.broadcast(FLOATS, weights[weight + TILE_KEYS + key]);
            s10 = f.fma(v0, s10);
            f = FloatVector.broadcast(FLOATS, weights[weight + 2 * TILE_KEYS + key]);
            s20 = f.fma(v0, s20);
            f = FloatVector.broadcast(FLOATS, weights[weight + 3 * TILE_KEYS + key]);
            s30 = f.fma(v0, s30);
        }
        s00.intoArray(sums, sum);
        s10.intoArray(sums, sum + dim);
        s20.intoArray(sums, sum + 2 * dim);
        s30.intoArray(sums, sum + 3 * dim);
    }
}
