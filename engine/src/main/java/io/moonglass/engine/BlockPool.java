package io.moonglass.engine;

import io.moonglass.loader.digest.Digest;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;

/// Which blocks of the cache are in use, and by how many sequences. A published block whose last user leaves
/// is kept for prompts that begin alike, until its room is needed: the one that was left longest ago
/// goes first. Engine thread only.
///
/// Source: Kwon et al. 2023, "Efficient Memory Management for Large Language Model Serving with
/// PagedAttention", section 4.4.
final class BlockPool {

    private final int[] numUsers;
    private final Digest[] keys;
    private final Map<Digest, Integer> byKey = new HashMap<>();
    private final LinkedHashSet<Integer> kept = new LinkedHashSet<>();
    private final ArrayDeque<Integer> freed = new ArrayDeque<>();
    private int numTouched;

    BlockPool(int numBlocks) {
        this.numUsers = new int[numBlocks];
        this.keys = new Digest[numBlocks];
    }

    int numBlocks() {
        return numUsers.length;
    }

    /// Blocks that nobody uses, kept ones included.
    int numFree() {
        return numUsers.length - numTouched + freed.size() + kept.size();
    }

    /// Blocks that nobody uses but that may be found again.
    int numKept() {
        return kept.size();
    }

    /// Blocks that were ever used.
    int numTouched() {
        return numTouched;
    }

    /// A block for one user, with anything in it.
    ///
    /// @throws java.util.NoSuchElementException if none is free
    int take() {
        int block;
        if (!freed.isEmpty()) {
            block = freed.pop();
        } else if (numTouched < numUsers.length) {
            block = numTouched++;
        } else {
            block = kept.removeFirst();
            byKey.remove(keys[block]);
            keys[block] = null;
        }
        numUsers[block] = 1;
        return block;
    }

    /// One more user of a block that is used or kept.
    void share(int block) {
        if (numUsers[block]++ == 0) {
            kept.remove(block);
        }
    }

    /// One user less.
    void leave(int block) {
        if (--numUsers[block] > 0) {
            return;
        }
        if (keys[block] == null) {
            freed.push(block);
        } else {
            kept.add(block);
        }
    }

    boolean isShared(int block) {
        return numUsers[block] > 1;
    }

    /// Lets a block be found of which what the key stands for will not be written to any more. Does nothing
    /// if another one holds the same already.
    void publish(int block, Digest key) {
        if (keys[block] == null && byKey.putIfAbsent(key, block) == null) {
            keys[block] = key;
        }
    }

    /// Forgets what is kept; their room is free as before.
    ///
    /// @return how many blocks were kept
    int forgetKept() {
        int numForgotten = kept.size();
        for (int block : kept) {
            byKey.remove(keys[block]);
            keys[block] = null;
            freed.push(block);
        }
        kept.clear();
        return numForgotten;
    }

    /// The block that holds this, or -1.
    int find(Digest key) {
        return byKey.getOrDefault(key, -1);
    }
}
