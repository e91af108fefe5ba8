package io.moonglass.loader.tokenizer;

import java.util.Arrays;

/// Byte-pair merging of one piece: starting from single bytes, the adjacent pair whose joined bytes
/// have the lowest rank is joined, the leftmost of equals, until no pair is a token (Sennrich et al.
/// 2016, "Neural Machine Translation of Rare Words with Subword Units").
///
/// The parts are a linked list over the bytes and the candidate pairs a heap ordered by rank, then by
/// position, so a piece of n bytes takes O(n log n) steps whatever it holds. Keeps its scratch from
/// piece to piece; for one thread.
final class BytePairMerger {

    private final Vocabulary vocabulary;
    private byte[] text = new byte[0];

    // Per part, by the index of its first byte; the last part's `next` is the length.
    private int[] next = new int[0];
    private int[] previous = new int[0];
    private int[] pairRank = new int[0]; // of the part with its right neighbour

    // Binary heap of rank << 32 | index; an entry whose rank is no longer `pairRank` is stale.
    private long[] heap = new long[0];
    private int heapSize;

    BytePairMerger(Vocabulary vocabulary) {
        this.vocabulary = vocabulary;
    }

    /// Appends the tokens of `bytes[0, length)`, which is not empty.
    void encode(byte[] bytes, int length, TokenIds out) {
        int whole = vocabulary.rank(bytes, 0, length);
        if (whole != Vocabulary.NONE) {
            out.add(whole);
            return;
        }
        text = bytes;
        startWithSingleBytes(length);
        while (heapSize > 0) {
            long lowest = removeLowest();
            int left = (int) lowest;
            if (pairRank[left] == (int) (lowest >>> 32)) {
                join(left, length);
            }
        }
        for (int part = 0; part < length; part = next[part]) {
            out.add(vocabulary.rank(bytes, part, next[part]));
        }
    }

    private void startWithSingleBytes(int length) {
        if (next.length < length) {
            int capacity = Math.max(length, 2 * next.length);
            next = new int[capacity];
            previous = new int[capacity];
            pairRank = new int[capacity];
        }
        heapSize = 0;
        for (int i = 0; i < length; i++) {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        for (int i = 0; i < length; i++) {
            rankPair(i, length);
        }
    }

    /// Joins a part with its right neighbour and ranks the two pairs that this makes.
    private void join(int left, int length) {
        int right = next[left];
        next[left] = next[right];
        pairRank[right] = Vocabulary.NONE; // the part is gone, its heap entries are stale
        if (next[left] < length) {
            previous[next[left]] = left;
        }
        rankPair(left, length);
        if (previous[left] >= 0) {
            rankPair(previous[left], length);
        }
    }

    private void rankPair(int left, int length) {
        int right = next[left];
        int rank = right < length ? vocabulary.rank(text, left, next[right]) : Vocabulary.NONE;
        pairRank[left] = rank;
        if (rank != Vocabulary.NONE) {
            insert((long) rank << 32 | left);
        }
    }

    private void insert(long entry) {
        if (heapSize == heap.length) {
            heap = Arrays.copyOf(heap, Math.max(64, heapSize * 2));
        }
        int i = heapSize++;
        while (i > 0 && heap[(i - 1) / 2] > entry) {
            heap[i] = heap[(i - 1) / 2];
            i = (i - 1) / 2;
        }
        heap[i] = entry;
    }

    private long removeLowest() {
        long lowest = heap[0];
        long last = heap[--heapSize];
        int i = 0;
        while (2 * i + 1 < heapSize) {
            int child = 2 * i + 1;
            if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
                child++;
            }
            if (heap[child] >= last) {
                break;
            }
            heap[i] = heap[child];
            i = child;
        }
        heap[i] = last;
        return lowest;
    }
}
