package io.moonglass.runtime.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegexTest {

    private static final String ALPHABET = "ab01 -.\n\té中😀";

    private static Grammar regex(String pattern) {
        return Grammar.regex(pattern, "regex", GrammarLimits.standard());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a*b|ab*",
                "(a|b)*a(a|b)(a|b)",
                "(?:ab?){2,3}",
                "(a{1,3}){1,3}",
                "((a*)*)*b",
                "[^a]*",
                "[a-c0-1]+",
                "\\d+|\\D",
                "\\w*\\W?",
                "\\s|\\S+",
                ".*",
                "a.b",
                "\\p{L}*",
                "\\P{L}+",
                "[\\p{Lo}\\d]+",
                "[^\\d\\s]+",
                "a??b*?",
                "^a|b$",
                "(^a)|(b$)",
                "\\x61\\u00e9?",
                "\\ud83d\\ude00*",
                "(?<name>a)b",
                "[-a]+|b",
                "a\\{x|b{1,}",
                "\\.|\\-",
                "",
                "a||b",
                "(|a)+"
            })
    void texts_match_as_java_says(String pattern) {
        Grammar grammar = regex(pattern);
        Pattern java = Pattern.compile(pattern);
        Random random = new Random(7);
        int[] alphabet = ALPHABET.codePoints().toArray();
        for (int i = 0; i < 3000; i++) {
            StringBuilder text = new StringBuilder();
            for (int n = random.nextInt(7); n > 0; n--) {
                text.appendCodePoint(
                        alphabet[random.nextInt(random.nextBoolean() ? 2 : alphabet.length)]);
            }
            assertEquals(
                    java.matcher(text).matches(),
                    Answers.meets(grammar, text.toString()),
                    pattern + " on " + text);
        }
    }

    @Test
    void an_answer_that_cannot_go_on_ends_without_a_stop_token() {
        var mask = Answers.MASKS.begin(regex("[0-9]{3}"));
        for (String digit : new String[] {"1", "2", "3"}) {
            assertFalse(mask.isFinished());
            mask.accept(Answers.TOKENIZER.encodeOrdinary(digit)[0]);
        }
        assertTrue(mask.isFinished());
    }

    @Test
    void a_stop_token_may_come_where_the_text_is_whole_and_nowhere_else() {
        var mask = Answers.MASKS.begin(regex("(ab)+"));
        assertFalse(Answers.tokens(mask.allowed()).contains(Answers.STOP));
        mask.accept(Answers.TOKENIZER.encodeOrdinary("a")[0]);
        assertFalse(Answers.tokens(mask.allowed()).contains(Answers.STOP));
        mask.accept(Answers.TOKENIZER.encodeOrdinary("b")[0]);
        assertTrue(Answers.tokens(mask.allowed()).contains(Answers.STOP));
        mask.accept(Answers.STOP);
        assertTrue(mask.isFinished());
    }

    @Test
    void characters_are_whole_however_tokens_cut_them() {
        Grammar grammar = regex("[^a]");
        assertTrue(Answers.meets(grammar, "😀"));
        assertFalse(Answers.after(grammar, new byte[] {(byte) 0xf0, (byte) 0x9f}).isDead());
        assertFalse(Answers.after(grammar, new byte[] {(byte) 0xf0, (byte) 0x9f}).accepting);
        byte[][] broken = {
            {(byte) 0xff}, {(byte) 0xc0}, {(byte) 0x80}, {(byte) 0xed, (byte) 0xa0}, {(byte) 0xf5}
        };
        for (byte[] bytes : broken) {
            assertTrue(Answers.after(grammar, bytes).isDead());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a(?=b)",
                "a(?!b)",
                "(?<=a)b",
                "(?<!a)b",
                "(a)\\1",
                "(?<n>a)\\k<n>",
                "a\\b",
                "a^b",
                "a$b",
                "(^a)*",
                "a{1000000}",
                "a{3,1}",
                "a**",
                "*a",
                "(a",
                "a)",
                "[a",
                "[b-a]",
                "\\p{Nope}",
                "\\q",
                "(?i)a",
                "a\\",
                "\\ud800",
                "[a-\\d]",
                "\\u12",
                "a++"
            })
    void what_is_wrong_or_not_supported_is_refused(String pattern) {
        InvalidRequestException refused =
                assertThrows(InvalidRequestException.class, () -> regex(pattern));
        assertEquals("regex", refused.param());
        assertTrue(refused.getMessage().startsWith("regex: "), refused.getMessage());
    }
}
