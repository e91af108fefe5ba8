package io.moonglass.runtime.grammar;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Characters that mean nothing in any notation: most of most vocabularies. Where a grammar takes any of
/// them, as in a JSON string, all tokens of plain characters are allowed at once and only the others are
/// looked at.
final class PlainText {

    /// Not plain; where it occurs U+2029 does too.
    private static final int LINE_SEPARATOR = 0x2028;

    private static final int PARAGRAPH_SEPARATOR = 0x2029;

    /// First and last of each byte, for all plain characters of more than one byte.
    private static final int[][] SEQUENCES = {
        {0xc2, 0xc2, 0xa0, 0xbf},
        {0xc3, 0xdf, 0x80, 0xbf},
        {0xe0, 0xe0, 0xa0, 0xbf, 0x80, 0xbf},
        {0xe1, 0xe1, 0x80, 0xbf, 0x80, 0xbf},
        {0xe2, 0xe2, 0x80, 0x80, 0x80, 0xa7},
        {0xe2, 0xe2, 0x80, 0x80, 0xaa, 0xbf},
        {0xe2, 0xe2, 0x81, 0xbf, 0x80, 0xbf},
        {0xe3, 0xec, 0x80, 0xbf, 0x80, 0xbf},
        {0xed, 0xed, 0x80, 0x9f, 0x80, 0xbf},
        {0xee, 0xef, 0x80, 0xbf, 0x80, 0xbf},
        {0xf0, 0xf0, 0x90, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
        {0xf1, 0xf3, 0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf},
        {0xf4, 0xf4, 0x80, 0x8f, 0x80, 0xbf, 0x80, 0xbf},
    };

    /// States of more positions are not examined: it would take long, and they are never a plain string's.
    private static final int MAX_ITEMS = 8;

    private PlainText() {}

    private static boolean isPlain(int codePoint) {
        return codePoint >= ' '
                && codePoint != '"'
                && codePoint != '\\'
                && (codePoint < 0x7f || codePoint > 0x9f)
                && codePoint != LINE_SEPARATOR
                && codePoint != PARAGRAPH_SEPARATOR;
    }

    /// How many characters a token is, or -1 if not all are plain and whole.
    static int length(byte[] token) {
        try {
            int[] codePoints =
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(token))
                            .codePoints()
                            .toArray();
            for (int codePoint : codePoints) {
                if (!isPlain(codePoint)) {
                    return -1;
                }
            }
            return codePoints.length;
        } catch (CharacterCodingException e) {
            return -1;
        }
    }

    /// The one state that every plain character leads to, or [State#DEAD].
    static State after(Automaton automaton, State state) {
        if (state.isDead() || state.numItems() > MAX_ITEMS) {
            return State.DEAD;
        }
        State after = state.afterPlain;
        if (after == null) {
            after = findAfter(automaton, state);
            state.afterPlain = after;
        }
        return after;
    }

    private static State findAfter(Automaton automaton, State state) {
        State after = automaton.nextByte(state, ' ');
        if (after.isDead()) {
            return after;
        }
        for (int value = ' '; value < 0x7f; value++) {
            if (isPlain(value) && automaton.nextByte(state, value) != after) {
                return State.DEAD;
            }
        }
        for (int[] sequence : SEQUENCES) {
            if (!leadsTo(automaton, state, sequence, 0, after)) {
                return State.DEAD;
            }
        }
        return after;
    }

    private static boolean leadsTo(
            Automaton automaton, State from, int[] sequence, int at, State to) {
        if (at == sequence.length) {
            return from == to;
        }
        // Classes are intervals in the order of bytes.
        int last = automaton.byteClass(sequence[at + 1]);
        for (int byteClass = automaton.byteClass(sequence[at]); byteClass <= last; byteClass++) {
            if (!leadsTo(automaton, automaton.next(from, byteClass), sequence, at + 2, to)) {
                return false;
            }
        }
        return true;
    }
}
