package io.moonglass.loader.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class PieceSplitterTest {

    /// The pattern as the tokenizer's authors wrote it, in Java's syntax: the definition.
    private static final Pattern DEFINITION =
            Pattern.compile(
                    String.join(
                            "|",
                            "\\p{IsHan}+",
                            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{IsHan}]]*"
                                    + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{IsHan}]]+(?iu:'s|'t|'re|'ve|'m|'ll|'d)?",
                            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{IsHan}]]+"
                                    + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{IsHan}]]*(?iu:'s|'t|'re|'ve|'m|'ll|'d)?",
                            "\\p{N}{1,3}",
                            " ?[^\\p{IsWhite_Space}\\p{L}\\p{N}]+[\\r\\n]*",
                            "\\p{IsWhite_Space}*[\\r\\n]+",
                            "\\p{IsWhite_Space}+(?!\\P{IsWhite_Space})",
                            "\\p{IsWhite_Space}+"));

    private static final String[] ALPHABET = {
        "a", "b", "Z", "Q", "ª", "ǅ", "ʰ", "ß", "ſ", "'", "’", "s", "S", "t", "re", "LL", "vE", "d",
        "1", "٣", "½", "Ⅷ", " ", "  ", "\t", "\n", "\r", "\u0085", "\u00A0", "\u2028", "\u3000",
        "\u001C", "\u200B", "!", "-", "_", "😀", "\u0301", "\u20DD", "\u093E", "中", "々", "〇", "⺀",
        "か", "カ", "ー", "안", "п", "П", "ع", "न", "𠀀", "𝐀", "𝟎", "\uD800", "\uDC00", "\uFEFF",
        "\0", "\u200D", "👍🏽", "𑀀", "\uE000"
    };

    @Test
    void random_texts_are_cut_as_the_pattern_cuts_them() {
        Random random = new Random(7);
        for (int round = 0; round < 20_000; round++) {
            StringBuilder text = new StringBuilder();
            int length = random.nextInt(14);
            for (int i = 0; i < length; i++) {
                text.append(ALPHABET[random.nextInt(ALPHABET.length)]);
            }
            assertEquals(defined(text.toString()), pieces(text.toString()));
        }
    }

    @Test
    void every_character_of_unicode_is_cut_as_the_pattern_cuts_it() {
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
            if (codePoint % 7 == 0 || codePoint < 0x3400) {
                String text = "a" + Character.toString(codePoint) + "B1 ";
                assertEquals(defined(text), pieces(text));
            }
        }
    }

    @Test
    void text_after_the_end_does_not_matter() {
        PieceSplitter splitter = new PieceSplitter("a  b", 3);
        assertEquals(3, splitter.next(1));
    }

    static List<String> pieces(String text) {
        PieceSplitter splitter = new PieceSplitter(text, text.length());
        List<String> pieces = new ArrayList<>();
        for (int start = 0; start < text.length(); ) {
            int end = splitter.next(start);
            pieces.add(text.substring(start, end));
            start = end;
        }
        return pieces;
    }

    private static List<String> defined(String text) {
        List<String> pieces = new ArrayList<>();
        for (Matcher matcher = DEFINITION.matcher(text); matcher.find(); ) {
            pieces.add(matcher.group());
        }
        return pieces;
    }
}
