package io.moonglass.loader.template;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Takes the meaning out of special tokens' names in text that users wrote, for as long as a template
/// handles it.
///
/// Every special token's name holds a mark: `|` in `<|im_end|>`, `[` in `[EOS]`. In user text each
/// mark is exchanged, one character for one, for a private-use character that occurs nowhere in the
/// conversation, and it is exchanged back after the rendered text was cut at the special tokens. So
/// whatever a template does to a text (strip, split, change of case, joining it with another) cannot
/// make a special token of it, while everything but the marks is the real text, of the real length,
/// for a template that looks into it.
final class HiddenMarks {

    private static final String PREFERRED = "|[";
    private static final char FIRST_PRIVATE = '\uE000';
    private static final char LAST_PRIVATE = '\uF8FF';

    private final Map<Character, Character> standIns;

    private HiddenMarks(Map<Character, Character> standIns) {
        this.standIns = standIns;
    }

    /// Stand-ins for one conversation.
    ///
    /// @param texts all that the template will be given
    /// @throws InvalidRequestException if the texts use up all private-use characters
    static HiddenMarks forTexts(Collection<String> specialNames, List<String> texts) {
        BitSet used = new BitSet();
        for (String text : texts) {
            for (int i = 0; i < text.length(); i++) {
                if (text.charAt(i) >= FIRST_PRIVATE && text.charAt(i) <= LAST_PRIVATE) {
                    used.set(text.charAt(i));
                }
            }
        }
        Map<Character, Character> standIns = new TreeMap<>();
        int free = FIRST_PRIVATE;
        for (String name : specialNames) {
            char mark = mark(name);
            if (!standIns.containsKey(mark)) {
                free = used.nextClearBit(free);
                if (free > LAST_PRIVATE) {
                    throw InvalidRequestException.invalidValue(
                            "messages",
                            "the messages use every private-use character there is; leave some of U+E000 to U+F8FF out");
                }
                standIns.put(mark, (char) free++);
            }
        }
        return new HiddenMarks(standIns);
    }

    /// User text with its marks hidden.
    String hide(String text) {
        String hidden = text;
        for (Map.Entry<Character, Character> entry : standIns.entrySet()) {
            hidden = hidden.replace(entry.getKey(), entry.getValue());
        }
        return hidden;
    }

    /// Text with its marks back in place.
    String reveal(String text) {
        String revealed = text;
        for (Map.Entry<Character, Character> entry : standIns.entrySet()) {
            revealed = revealed.replace(entry.getValue(), entry.getKey());
        }
        return revealed;
    }

    private static char mark(String name) {
        for (int i = 0; i < PREFERRED.length(); i++) {
            if (name.indexOf(PREFERRED.charAt(i)) >= 0) {
                return PREFERRED.charAt(i);
            }
        }
        return name.charAt(0);
    }
}
