package io.moonglass.runtime.answer;

/// Matching at the open end of a text that still grows.
final class Beginnings {

    private Beginnings() {}

    /// Length of the longest end of `text` that is a beginning of `word`, but not all of it.
    static int atEndOf(CharSequence text, String word) {
        for (int length = Math.min(text.length(), word.length() - 1); length > 0; length--) {
            if (isBeginning(text, text.length() - length, word)) {
                return length;
            }
        }
        return 0;
    }

    /// Whether `text` from `from` on is a beginning of `word`.
    static boolean isBeginning(CharSequence text, int from, String word) {
        int length = text.length() - from;
        if (length > word.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (text.charAt(from + i) != word.charAt(i)) {
                return false;
            }
        }
        return true;
    }
}
