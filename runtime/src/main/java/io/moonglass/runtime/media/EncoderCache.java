package io.moonglass.runtime.media;

import io.moonglass.loader.digest.Digest;
import io.moonglass.tensor.FloatMatrix;
import java.lang.foreign.Arena;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// Rows of pictures that were encoded, by what they stand for. When they are more than the cache may
/// hold, those that nobody uses go, the least recently used first; rows in use always stay, even where
/// they are more than the whole cache. Safe to use from any thread.
final class EncoderCache implements AutoCloseable {

    private final long maxBytes;
    private final Map<Digest, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;
    private boolean closed;

    /// @param maxBytes 0 to keep nothing that is not in use
    EncoderCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /// Rows of a picture that was encoded earlier, for one more user.
    synchronized Optional<ImageRows> find(Digest content) {
        return Optional.ofNullable(entries.get(content)).map(entry -> handOut(content, entry));
    }

    /// Keeps a picture that is not in the cache.
    ///
    /// @param arena holds the rows and nothing else; closed here
    /// @return the rows, for their first user
    synchronized ImageRows add(Digest content, Arena arena, FloatMatrix rows) {
        Entry entry = new Entry(arena, rows);
        if (entries.putIfAbsent(content, entry) != null) {
            throw new IllegalStateException("the picture is in the cache; want a new one");
        }
        bytes += entry.bytes();
        ImageRows handedOut = handOut(content, entry);
        freeUnused();
        return handedOut;
    }

    /// Drops all rows that nobody uses.
    ///
    /// @return their bytes
    synchronized long flush() {
        long before = bytes;
        freeUnusedAbove(0);
        return before - bytes;
    }

    /// Bytes of all rows, in use or not.
    synchronized long bytes() {
        return bytes;
    }

    /// Keeps nothing any more; rows in use go when their last user closes them.
    @Override
    public synchronized void close() {
        closed = true;
        freeUnused();
    }

    private ImageRows handOut(Digest content, Entry entry) {
        entry.numUsers++;
        return new ImageRows(entry.rows, content, () -> release(entry));
    }

    private synchronized void release(Entry entry) {
        entry.numUsers--;
        freeUnused();
    }

    private void freeUnused() {
        freeUnusedAbove(closed ? 0 : maxBytes);
    }

    private void freeUnusedAbove(long most) {
        Iterator<Entry> leastRecent = entries.values().iterator();
        while (bytes > most && leastRecent.hasNext()) {
            Entry entry = leastRecent.next();
            if (entry.numUsers == 0) {
                leastRecent.remove();
                bytes -= entry.bytes();
                entry.arena.close();
            }
        }
    }

    private static final class Entry {
        private final Arena arena;
        private final FloatMatrix rows;
        private int numUsers;

        Entry(Arena arena, FloatMatrix rows) {
            this.arena = arena;
            this.rows = rows;
        }

        long bytes() {
            return rows.data().byteSize();
        }
    }
}
