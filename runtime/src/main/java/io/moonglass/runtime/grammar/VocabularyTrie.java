package io.moonglass.runtime.grammar;

import java.util.Arrays;
import java.util.List;

/// Tokens as a tree of their bytes, so that tokens that begin alike are read once. In depth-first order in
/// one array: a walk goes forward through memory and jumps over what is not allowed. Immutable.
final class VocabularyTrie {

    /// Numbers of a node: its byte and depth, the first node after its subtree, its token.
    static final int NODE_SIZE = 3;

    static final int NO_TOKEN = -1;
    static final int DEPTH_SHIFT = 8;

    private final int[] nodes;
    private final int maxDepth;

    /// A token's id and bytes.
    record Entry(int tokenId, byte[] bytes) {}

    /// @param entries in any order; none is empty, none comes twice
    VocabularyTrie(List<Entry> entries) {
        Entry[] sorted = entries.toArray(Entry[]::new);
        Arrays.sort(sorted, (a, b) -> Arrays.compareUnsigned(a.bytes, b.bytes));
        IntList written = new IntList();
        int deepest = 0;
        byte[] before = new byte[0];
        for (Entry entry : sorted) {
            int common = Math.max(0, Arrays.mismatch(before, entry.bytes));
            for (int depth = common; depth < entry.bytes.length; depth++) {
                written.add(entry.bytes[depth] & 0xff | depth << DEPTH_SHIFT);
                written.add(0);
                written.add(depth == entry.bytes.length - 1 ? entry.tokenId : NO_TOKEN);
            }
            deepest = Math.max(deepest, entry.bytes.length);
            before = entry.bytes;
        }
        this.nodes = written.toArray();
        this.maxDepth = deepest;
        // From behind, the node last seen at a depth is the next one there.
        int[] nextAtDepth = new int[deepest + 1];
        Arrays.fill(nextAtDepth, nodes.length);
        for (int at = nodes.length - NODE_SIZE; at >= 0; at -= NODE_SIZE) {
            int depth = nodes[at] >> DEPTH_SHIFT;
            nodes[at + 1] = nextAtDepth[depth];
            Arrays.fill(nextAtDepth, depth, deepest + 1, at);
        }
    }

    /// Not to be changed.
    int[] nodes() {
        return nodes;
    }

    /// Bytes of the longest token.
    int maxDepth() {
        return maxDepth;
    }
}
