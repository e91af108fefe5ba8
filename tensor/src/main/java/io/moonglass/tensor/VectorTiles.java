package io.moonglass.tensor;

import static io.moonglass.tensor.Lanes.FLOATS;
import static io.moonglass.tensor.Lanes.LANES;
import static io.moonglass.tensor.Lanes.MACHINE;
import static io.moonglass.tensor.Lanes.floats;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/// Scores and values of a tile of keys, for [VectorTileAttention].
final class VectorTiles {

    /// Queries of a tile.
    static final int QUERIES = 4;

    private VectorTiles() {}

    static void tileScores(
            MemorySegment q,
            long qOffset,
            long qStride,
            int dim,
            MemorySegment keys,
            MemorySegment scores) {
        for (int key = 0; key < KeyValueTiles.TILE_KEYS; key += 4 * LANES) {
            scoresOfTwoQueries(q, qOffset, qStride, dim, keys, scores, key);
            scoresOfTwoQueries(
                    q,
                    qOffset + 2 * qStride,
                    qStride,
                    dim,
                    keys,
                    scores,
                    2 * KeyValueTiles.TILE_KEYS + key);
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
            long k =
                    ((long) i * KeyValueTiles.TILE_KEYS + at % KeyValueTiles.TILE_KEYS)
                            * Float.BYTES;
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
        // Stored here and not by a method: a call would make the compiler allocate every sum.
        long target = (long) at * Float.BYTES;
        s00.intoMemorySegment(scores, target, MACHINE);
        s01.intoMemorySegment(scores, target + next, MACHINE);
        s02.intoMemorySegment(scores, target + 2 * next, MACHINE);
        s03.intoMemorySegment(scores, target + 3 * next, MACHINE);
        target += (long) KeyValueTiles.TILE_KEYS * Float.BYTES;
        s10.intoMemorySegment(scores, target, MACHINE);
        s11.intoMemorySegment(scores, target + next, MACHINE);
        s12.intoMemorySegment(scores, target + 2 * next, MACHINE);
        s13.intoMemorySegment(scores, target + 3 * next, MACHINE);
    }

    static void tileValues(
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
            for (int query = 0; query < QUERIES; query++) {
                long target = outOffset + query * outStride + i;
                float sum = out.getAtIndex(JAVA_FLOAT, target);
                for (int key = 0; key < KeyValueTiles.TILE_KEYS; key++) {
                    sum =
                            Math.fma(
                                    weights.getAtIndex(
                                            JAVA_FLOAT,
                                            (long) query * KeyValueTiles.TILE_KEYS + key),
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
        for (int key = 0; key < KeyValueTiles.TILE_KEYS; key++) {
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
        for (int key = 0; key < KeyValueTiles.TILE_KEYS; key++) {
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
                FLOATS,
                weights.getAtIndex(JAVA_FLOAT, (long) query * KeyValueTiles.TILE_KEYS + key));
    }
}
