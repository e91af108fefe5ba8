package io.moonglass.loader.tokenizer;

import io.moonglass.loader.fault.ModelFormatException;
import java.util.Arrays;
import java.util.Base64;

/// The ordinary tokens of tiktoken.model: byte strings and their ranks, which are their ids and their
/// merge priorities alike.
///
/// All bytes lie in one array, and the way back from bytes to rank is an open-addressing table of
/// ranks over it: 163,584 tokens take 4 MB and no object each. The table never changes after loading,
/// so no input can make its probes longer.
final class Vocabulary {

    static final int NONE = -1;

    private static final String FILE = "tiktoken.model";
    private static final int NUM_BYTES = 256;

    private final byte[] bytes;
    private final int[] starts; // token i is bytes[starts[i], starts[i + 1])
    private final int[] slots; // rank + 1; 0 for a free slot
    private final int maxTokenLength;

    private Vocabulary(byte[] bytes, int[] starts) {
        this.bytes = bytes;
        this.starts = starts;
        int longest = 0;
        for (int rank = 0; rank < size(); rank++) {
            longest = Math.max(longest, starts[rank + 1] - starts[rank]);
        }
        this.maxTokenLength = longest;
        // At most half full: misses, which merging looks up most, end after about one probe.
        this.slots = new int[Integer.highestOneBit(Math.max(size(), 1)) << 2];
        for (int rank = 0; rank < size(); rank++) {
            insert(rank);
        }
    }

    /// Reads lines of `base64(bytes) SPACE rank`, ranks 0, 1, 2, … in order.
    ///
    /// @throws ModelFormatException if a line is malformed, a token comes twice or a single byte is missing
    static Vocabulary parse(byte[] file) {
        byte[] bytes = new byte[file.length];
        int[] starts = new int[1024];
        int size = 0;
        int line = 0;
        for (int begin = 0, next; begin < file.length; begin = next) {
            int end = begin;
            while (end < file.length && file[end] != '\n') {
                end++;
            }
            next = end + 1;
            line++;
            if (end > begin && file[end - 1] == '\r') {
                end--;
            }
            if (end == begin) {
                continue;
            }
            int space = begin;
            while (space < end && file[space] != ' ') {
                space++;
            }
            checkRank(file, space, end, size, line);
            byte[] token = decode(file, begin, space, line);
            if (size + 2 > starts.length) {
                starts = Arrays.copyOf(starts, starts.length * 2);
            }
            System.arraycopy(token, 0, bytes, starts[size], token.length);
            starts[size + 1] = starts[size] + token.length;
            size++;
        }
        Vocabulary vocabulary =
                new Vocabulary(Arrays.copyOf(bytes, starts[size]), Arrays.copyOf(starts, size + 1));
        vocabulary.checkSingleBytes();
        return vocabulary;
    }

    int size() {
        return starts.length - 1;
    }

    /// The rank of the token with these bytes, or [#NONE].
    int rank(byte[] text, int from, int to) {
        if (to - from > maxTokenLength) {
            return NONE;
        }
        int mask = slots.length - 1;
        for (int slot = hash(text, from, to) & mask; slots[slot] != 0; slot = (slot + 1) & mask) {
            int rank = slots[slot] - 1;
            if (Arrays.equals(bytes, starts[rank], starts[rank + 1], text, from, to)) {
                return rank;
            }
        }
        return NONE;
    }

    byte[] bytes(int rank) {
        return Arrays.copyOfRange(bytes, starts[rank], starts[rank + 1]);
    }

    private void insert(int rank) {
        int mask = slots.length - 1;
        int slot = hash(bytes, starts[rank], starts[rank + 1]) & mask;
        while (slots[slot] != 0) {
            int other = slots[slot] - 1;
            if (Arrays.equals(
                    bytes,
                    starts[rank],
                    starts[rank + 1],
                    bytes,
                    starts[other],
                    starts[other + 1])) {
                throw new ModelFormatException(
                        "%s: ranks %d and %d are the same token; download it again"
                                .formatted(FILE, other, rank));
            }
            slot = (slot + 1) & mask;
        }
        slots[slot] = rank + 1;
    }

    /// Every text must be encodable, and merging starts from single bytes.
    private void checkSingleBytes() {
        byte[] single = new byte[1];
        for (int value = 0; value < NUM_BYTES; value++) {
            single[0] = (byte) value;
            if (rank(single, 0, 1) == NONE) {
                throw new ModelFormatException(
                        "%s: of %d tokens none is the single byte 0x%02x; want all 256 bytes; download it again"
                                .formatted(FILE, size(), value));
            }
        }
    }

    private static int hash(byte[] text, int from, int to) {
        int hash = 0x811c9dc5; // FNV-1a
        for (int i = from; i < to; i++) {
            hash = (hash ^ text[i]) * 0x01000193;
        }
        return hash ^ (hash >>> 15);
    }

    private static void checkRank(byte[] file, int space, int end, int wanted, int line) {
        long rank = 0;
        boolean valid = end - space >= 2 && end - space <= 10;
        for (int i = space + 1; valid && i < end; i++) {
            valid = file[i] >= '0' && file[i] <= '9';
            rank = 10 * rank + (file[i] - '0');
        }
        if (!valid) {
            throw new ModelFormatException(
                    "%s: line %d is no base64, space, rank; download it again"
                            .formatted(FILE, line));
        }
        if (rank != wanted) {
            throw new ModelFormatException(
                    "%s: line %d has rank %d; want %d: ranks run from 0 up without gaps"
                            .formatted(FILE, line, rank, wanted));
        }
    }

    private static byte[] decode(byte[] file, int begin, int end, int line) {
        try {
            // The decoder lets missing padding pass, so whole groups of four are asked for here.
            if (end > begin && (end - begin) % 4 == 0) {
                return Base64.getDecoder().decode(Arrays.copyOfRange(file, begin, end));
            }
        } catch (IllegalArgumentException e) {
            throw badBase64(line, e);
        }
        throw badBase64(line, null);
    }

    private static ModelFormatException badBase64(int line, Throwable cause) {
        return new ModelFormatException(
                "%s: line %d does not begin with a token in base64; download it again"
                        .formatted(FILE, line),
                cause);
    }
}
