package io.moonglass.runtime.grammar;

import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.LinkedHashMap;

/// Masks of states, the least recently used ones given up for others, and those of states that nobody can come to
/// any more: a state holds all others of its table, which are far larger than a mask. Safe to use from any thread.
final class MaskCache {

    /// States of different grammars can be equal, and are never the same object.
    private static final class Key extends WeakReference<State> {

        private final int hash;

        Key(State state, ReferenceQueue<State> gone) {
            super(state, gone);
            this.hash = System.identityHashCode(state);
        }

        @Override
        public boolean equals(Object other) {
            return this == other
                    || other instanceof Key that && that.get() != null && that.refersTo(get());
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }

    private final long maxBytes;
    private final LinkedHashMap<Key, long[]> masks = new LinkedHashMap<>(16, 0.75f, true);
    private final ReferenceQueue<State> gone = new ReferenceQueue<>();
    private long bytes;

    MaskCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /// @return null if it is not there
    synchronized long[] get(State state) {
        return masks.get(new Key(state, null));
    }

    synchronized void put(State state, long[] mask) {
        for (Object key; (key = gone.poll()) != null; ) {
            long[] forgotten = masks.remove(key);
            bytes -= forgotten == null ? 0 : size(forgotten);
        }
        if (masks.put(new Key(state, gone), mask) == null) {
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
