package io.moonglass.loader.tokenizer;

/// Ordinary text to token ids: pieces, their UTF-8 bytes, their merges. Made for one call, because it
/// keeps scratch from piece to piece.
final class OrdinaryEncoder {

    private final BytePairMerger merger;
    private final TokenIds out;
    private byte[] utf8 = new byte[256];

    OrdinaryEncoder(Vocabulary vocabulary, TokenIds out) {
        this.merger = new BytePairMerger(vocabulary);
        this.out = out;
    }

    /// Appends the tokens of `text[from, to)`.
    void encode(String text, int from, int to) {
        PieceSplitter splitter = new PieceSplitter(text, to);
        for (int start = from; start < to; ) {
            int end = splitter.next(start);
            int length = toUtf8(text, start, end);
            merger.encode(utf8, length, out);
            start = end;
        }
    }

    /// Fills `utf8`, which may be another array afterwards. Lone surrogates, which UTF-8 cannot hold,
    /// become U+FFFD.
    private int toUtf8(String text, int start, int end) {
        if (utf8.length < 3L * (end - start)) {
            utf8 = new byte[Math.multiplyExact(3, end - start)];
        }
        int length = 0;
        for (int i = start; i < end; ) {
            int codePoint = text.codePointAt(i);
            i += Character.charCount(codePoint);
            if (codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE) {
                codePoint = 0xFFFD;
            }
            if (codePoint < 0x80) {
                utf8[length++] = (byte) codePoint;
            } else if (codePoint < 0x800) {
                utf8[length++] = (byte) (0xC0 | codePoint >> 6);
                utf8[length++] = continuation(codePoint);
            } else if (codePoint < 0x10000) {
                utf8[length++] = (byte) (0xE0 | codePoint >> 12);
                utf8[length++] = continuation(codePoint >> 6);
                utf8[length++] = continuation(codePoint);
            } else {
                utf8[length++] = (byte) (0xF0 | codePoint >> 18);
                utf8[length++] = continuation(codePoint >> 12);
                utf8[length++] = continuation(codePoint >> 6);
                utf8[length++] = continuation(codePoint);
            }
        }
        return length;
    }

    private static byte continuation(int bits) {
        return (byte) (0x80 | bits & 0x3f);
    }
}
