package io.moonglass.runtime.constraint;

import java.util.Arrays;
import java.util.Collection;

/// Sets of token ids, a bit for each: bit `id % 64` of word `id / 64`.
final class TokenSet {

    private TokenSet() {}

    static long[] all(int vocabSize) {
        long[] set = new long[Math.ceilDiv(vocabSize, 64)];
        Arrays.fill(set, -1);
        if (vocabSize % 64 != 0) {
            set[set.length - 1] = (1L << vocabSize % 64) - 1;
        }
        return set;
    }

    static long[] of(int vocabSize, Collection<Integer> ids) {
        long[] set = new long[Math.ceilDiv(vocabSize, 64)];
        ids.forEach(id -> add(set, id));
        return set;
    }

    static void add(long[] set, int id) {
        set[id / 64] |= 1L << id % 64;
    }

    static void remove(long[] set, int id) {
        set[id / 64] &= ~(1L << id % 64);
    }

    /// The first id in a set that is not empty, from an id on or from the beginning again.
    static int nextFrom(long[] set, int id) {
        int size = set.length * Long.SIZE;
        for (int i = 0; i < size; i++) {
            int next = (id + i) % size;
            if ((set[next / 64] >> next % 64 & 1) == 1) {
                return next;
            }
        }
        throw new IllegalArgumentException("an empty set has no first id");
    }

    static boolean isEmpty(long[] set) {
        for (long word : set) {
            if (word != 0) {
                return false;
            }
        }
        return true;
    }
}
