package io.moonglass.runtime.grammar;

import java.util.LinkedHashMap;

/// Masks of states, the least recently used ones given up for others. Safe to use from any thread.
final class MaskCache {

    /// States of different grammars can be equal, and are never the same object.
    private record Key(State state) {

        @Override
        public boolean equals(Object other) {
            return other instanceof Key(State that) && that == state;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(state);
        }
    }

    private final long maxBytes;
    private final LinkedHashMap<Key, long[]> masks = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    MaskCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /// @return null if it is not there
    synchronized long[] get(State state) {
        return masks.get(new Key(state));
    }

    synchronized void put(State state, long[] mask) {
        if (masks.put(new Key(state), mask) == null) {
            bytes += size(mask);
        }
        while (bytes > maxBytes) {
            bytes -= size(masks.pollFirstEntry().getValue());
        }
    }

    private static long size(long[] mask) {
        return 128 + 8L * mask.length;
    }
}
