package io.moonglass.loader.tokenizer;

/// Cuts text into the pieces within which byte pairs are merged: words with the character before
/// them, numbers of up to three digits, runs of Han, punctuation, white space.
///
/// This is the splitting pattern of the released tokenizer, written by hand: a regular expression
/// engine recurses on long runs and overflows the stack, while this reads every run a bounded number
/// of times. Each method is one alternative of the pattern and answers with the end of its match.
final class PieceSplitter {

    private static final int NO_MATCH = -1;

    // What a character is to the pattern; it may be several of these.
    private static final int HAN = 1;
    private static final int LETTER = 2;
    private static final int NUMBER = 4;
    private static final int SPACE = 8;
    private static final int LINE_BREAK = 16;
    // In the first part of a word: upper case, title case and what has no case, marks included.
    private static final int UPPER = 32;
    // In the second part of a word: lower case and what has no case, marks included.
    private static final int LOWER = 64;

    private static final byte[] KINDS = new byte[Character.MIN_SUPPLEMENTARY_CODE_POINT];

    static {
        for (int codePoint = 0; codePoint < KINDS.length; codePoint++) {
            KINDS[codePoint] = (byte) kindsOf(codePoint);
        }
    }

    private final String text;
    private final int end;

    /// @param end where the text ends for the pattern; a boundary between code points
    PieceSplitter(String text, int end) {
        this.text = text;
        this.end = end;
    }

    /// The end of the piece that starts at `start`, which is before the end.
    int next(int start) {
        int match = han(start);
        match = match != NO_MATCH ? match : lowerEndingWord(start);
        match = match != NO_MATCH ? match : upperLedWord(start);
        match = match != NO_MATCH ? match : number(start);
        match = match != NO_MATCH ? match : punctuation(start);
        match = match != NO_MATCH ? match : lineBreaks(start);
        return match != NO_MATCH ? match : spaces(start);
    }

    /// Unicode's White_Space.
    static boolean isWhiteSpace(int codePoint) {
        return (kinds(codePoint) & SPACE) != 0;
    }

    private int han(int start) {
        int stop = skip(start, HAN);
        return stop > start ? stop : NO_MATCH;
    }

    private int lowerEndingWord(int start) {
        int match = hasWordPrefix(start) ? upperThenLower(afterPrefix(start)) : NO_MATCH;
        match = match != NO_MATCH ? match : upperThenLower(start);
        return match != NO_MATCH ? match + contractionLength(match) : NO_MATCH;
    }

    private int upperLedWord(int start) {
        int match = hasWordPrefix(start) ? upperAtLeastOnce(afterPrefix(start)) : NO_MATCH;
        match = match != NO_MATCH ? match : upperAtLeastOnce(start);
        return match != NO_MATCH ? match + contractionLength(match) : NO_MATCH;
    }

    private int number(int start) {
        int stop = start;
        for (int i = 0; i < 3 && stop < end; i++) {
            int codePoint = text.codePointAt(stop);
            if ((kinds(codePoint) & NUMBER) == 0) {
                break;
            }
            stop += Character.charCount(codePoint);
        }
        return stop > start ? stop : NO_MATCH;
    }

    private int punctuation(int start) {
        int from = text.charAt(start) == ' ' ? start + 1 : start;
        int stop = from;
        while (stop < end) {
            int codePoint = text.codePointAt(stop);
            if ((kinds(codePoint) & (SPACE | LETTER | NUMBER)) != 0) {
                break;
            }
            stop += Character.charCount(codePoint);
        }
        return stop > from ? skip(stop, LINE_BREAK) : NO_MATCH;
    }

    private int lineBreaks(int start) {
        for (int i = skip(start, SPACE); i > start; i--) { // white space is one char each
            if ((kinds(text.charAt(i - 1)) & LINE_BREAK) != 0) {
                return i;
            }
        }
        return NO_MATCH;
    }

    /// A run of white space; before a word it leaves the word its last character.
    private int spaces(int start) {
        int stop = skip(start, SPACE);
        return stop == end || stop == start + 1 ? stop : stop - 1;
    }

    private boolean hasWordPrefix(int start) {
        return (kinds(text.codePointAt(start)) & (LETTER | NUMBER | LINE_BREAK)) == 0;
    }

    private int afterPrefix(int start) {
        return start + Character.charCount(text.codePointAt(start));
    }

    /// Any count of the first class, then one or more of the second.
    private int upperThenLower(int start) {
        int upperEnd = skip(start, UPPER);
        int lowerEnd = skip(upperEnd, LOWER);
        if (lowerEnd > upperEnd) {
            return lowerEnd;
        }
        // The first class gives back up to its last character that is in both.
        for (int i = upperEnd; i > start; ) {
            int codePoint = text.codePointBefore(i);
            if ((kinds(codePoint) & LOWER) != 0) {
                return i;
            }
            i -= Character.charCount(codePoint);
        }
        return NO_MATCH;
    }

    /// One or more of the first class, then any count of the second.
    private int upperAtLeastOnce(int start) {
        int upperEnd = skip(start, UPPER);
        return upperEnd > start ? skip(upperEnd, LOWER) : NO_MATCH;
    }

    /// Length of one of `'s 't 're 've 'm 'll 'd`, in any case, at this place; else 0.
    private int contractionLength(int start) {
        if (start + 1 >= end || text.charAt(start) != '\'') {
            return 0;
        }
        char second = start + 2 < end ? lowerCase(text.charAt(start + 2)) : 0;
        return switch (lowerCase(text.charAt(start + 1))) {
            case 's', 't', 'm', 'd' -> 2;
            case 'r', 'v' -> second == 'e' ? 3 : 0;
            case 'l' -> second == 'l' ? 3 : 0;
            default -> 0;
        };
    }

    /// Case folding for the letters of the contractions; the long s is the only stranger among them.
    private static char lowerCase(char letter) {
        return letter == 'ſ' ? 's' : letter >= 'A' && letter <= 'Z' ? (char) (letter + 32) : letter;
    }

    private int skip(int from, int kind) {
        int i = from;
        while (i < end) {
            int codePoint = text.codePointAt(i);
            if ((kinds(codePoint) & kind) == 0) {
                break;
            }
            i += Character.charCount(codePoint);
        }
        return i;
    }

    private static int kinds(int codePoint) {
        return codePoint < KINDS.length ? KINDS[codePoint] : kindsOf(codePoint);
    }

    private static int kindsOf(int codePoint) {
        if (codePoint == '\r' || codePoint == '\n') {
            return SPACE | LINE_BREAK;
        }
        if ((codePoint >= '\t' && codePoint <= '\r') || codePoint == 0x85) {
            return SPACE;
        }
        boolean han = Character.UnicodeScript.of(codePoint) == Character.UnicodeScript.HAN;
        int kinds =
                switch (Character.getType(codePoint)) {
                    case Character.UPPERCASE_LETTER, Character.TITLECASE_LETTER -> LETTER | UPPER;
                    case Character.LOWERCASE_LETTER -> LETTER | LOWER;
                    case Character.MODIFIER_LETTER, Character.OTHER_LETTER ->
                            LETTER | UPPER | LOWER;
                    case Character.NON_SPACING_MARK,
                            Character.ENCLOSING_MARK,
                            Character.COMBINING_SPACING_MARK ->
                            UPPER | LOWER;
                    case Character.DECIMAL_DIGIT_NUMBER,
                            Character.LETTER_NUMBER,
                            Character.OTHER_NUMBER ->
                            NUMBER;
                    case Character.SPACE_SEPARATOR,
                            Character.LINE_SEPARATOR,
                            Character.PARAGRAPH_SEPARATOR ->
                            SPACE;
                    default -> 0;
                };
        return han ? HAN | (kinds & ~(UPPER | LOWER)) : kinds;
    }
}
