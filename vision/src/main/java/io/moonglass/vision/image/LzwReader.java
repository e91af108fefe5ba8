package io.moonglass.vision.image;

/// GIF's variant of LZW: codes of growing width, lowest bit first, cut into data blocks.
///
/// Source: Welch 1984, "A Technique for High-Performance Data Compression", and GIF89a, appendix F.
final class LzwReader {

    private static final int MAX_WIDTH = 12;
    private static final int TABLE_SIZE = 1 << MAX_WIDTH;

    private final ByteView view;
    private final int clearCode;
    private final int firstWidth;

    /// Code `i` from `clearCode + 2` up stands for the string of `prefix[i]` and then `suffix[i]`.
    private final int[] prefix = new int[TABLE_SIZE];

    private final byte[] suffix = new byte[TABLE_SIZE];
    private final byte[] reversed = new byte[TABLE_SIZE];

    private long at;
    private int leftInBlock;
    private int bits;
    private int numBits;

    /// @param at offset of the byte with the code size, which data blocks follow
    LzwReader(ByteView view, long at) {
        this.view = view;
        this.at = at + 1;
        int codeSize = view.u8(at);
        if (codeSize < 2 || codeSize > 8) {
            throw view.invalid("has codes of %d bits; want 2 to 8".formatted(codeSize));
        }
        this.clearCode = 1 << codeSize;
        this.firstWidth = codeSize + 1;
    }

    /// Fills the array as far as the data goes; what comes after is left unread.
    ///
    /// @return how many bytes were filled
    int read(byte[] out) {
        int filled = 0;
        int width = firstWidth;
        int nextCode = clearCode + 2;
        int previous = -1;
        int first = 0;
        while (filled < out.length) {
            int code = nextCode(width);
            if (code < 0 || code == clearCode + 1) {
                break;
            }
            if (code == clearCode) {
                width = firstWidth;
                nextCode = clearCode + 2;
                previous = -1;
                continue;
            }
            boolean possible = previous < 0 ? code < clearCode : code <= nextCode;
            if (!possible) {
                throw view.invalid("has a code that stands for nothing");
            }
            int depth = 0;
            int rest = code;
            if (code == nextCode) {
                reversed[depth++] = (byte) first;
                rest = previous;
            }
            while (rest >= clearCode) {
                reversed[depth++] = suffix[rest];
                rest = prefix[rest];
            }
            first = rest;
            reversed[depth++] = (byte) first;
            while (depth > 0 && filled < out.length) {
                out[filled++] = reversed[--depth];
            }
            if (previous >= 0 && nextCode < TABLE_SIZE) {
                prefix[nextCode] = previous;
                suffix[nextCode++] = (byte) first;
                if (nextCode == 1 << width && width < MAX_WIDTH) {
                    width++;
                }
            }
            previous = code;
        }
        return filled;
    }

    /// The next code, or -1 at the end of the blocks.
    private int nextCode(int width) {
        while (numBits < width) {
            if (leftInBlock == 0) {
                leftInBlock = view.u8(at++);
                if (leftInBlock == 0) {
                    at--; // the empty block is the end however often it is asked for
                    return -1;
                }
            }
            bits |= view.u8(at++) << numBits;
            numBits += 8;
            leftInBlock--;
        }
        int code = bits & ((1 << width) - 1);
        bits >>>= width;
        numBits -= width;
        return code;
    }
}
