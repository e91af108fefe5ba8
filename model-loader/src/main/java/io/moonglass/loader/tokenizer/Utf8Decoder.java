package io.moonglass.loader.tokenizer;

/// UTF-8 to text, byte by byte, holding back at most three bytes of an unfinished character.
///
/// Every maximal part of a broken sequence becomes one U+FFFD, as in Python's `errors="replace"` and
/// the WHATWG Encoding Standard ("UTF-8 decoder"). The JDK's decoder differs on encoded surrogates,
/// and it cannot be fed in pieces without holding back what is already known to be broken.
final class Utf8Decoder {

    private static final int REPLACEMENT = 0xFFFD;

    private int codePoint;
    private int bytesNeeded;
    private int lowerBound = 0x80; // of the next continuation byte
    private int upperBound = 0xBF;

    void decode(byte[] bytes, StringBuilder out) {
        for (byte signed : bytes) {
            decode(signed & 0xff, out);
        }
    }

    /// Ends the text: an unfinished character becomes U+FFFD.
    void finish(StringBuilder out) {
        if (bytesNeeded > 0) {
            startAfresh();
            out.appendCodePoint(REPLACEMENT);
        }
    }

    private void decode(int value, StringBuilder out) {
        if (bytesNeeded > 0) {
            if (value >= lowerBound && value <= upperBound) {
                continueWith(value, out);
                return;
            }
            finish(out);
        }
        if (value < 0x80) {
            out.append((char) value);
        } else if (value >= 0xC2 && value <= 0xDF) {
            start(value & 0x1f, 1);
        } else if (value >= 0xE0 && value <= 0xEF) {
            start(value & 0x0f, 2);
            lowerBound = value == 0xE0 ? 0xA0 : 0x80; // no overlong form
            upperBound = value == 0xED ? 0x9F : 0xBF; // no surrogate
        } else if (value >= 0xF0 && value <= 0xF4) {
            start(value & 0x07, 3);
            lowerBound = value == 0xF0 ? 0x90 : 0x80; // no overlong form
            upperBound = value == 0xF4 ? 0x8F : 0xBF; // nothing above U+10FFFF
        } else {
            out.appendCodePoint(REPLACEMENT);
        }
    }

    private void start(int leadBits, int continuationBytes) {
        codePoint = leadBits;
        bytesNeeded = continuationBytes;
    }

    private void continueWith(int value, StringBuilder out) {
        codePoint = codePoint << 6 | value & 0x3f;
        lowerBound = 0x80;
        upperBound = 0xBF;
        if (--bytesNeeded == 0) {
            out.appendCodePoint(codePoint);
        }
    }

    private void startAfresh() {
        bytesNeeded = 0;
        lowerBound = 0x80;
        upperBound = 0xBF;
    }
}
