package io.moonglass.runtime.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BeginningsTest {

    @ParameterizedTest
    @CsvSource({
        "abc, xyz, 0",
        "abx, xyz, 1",
        "axy, xyz, 2",
        "xyz, xyz, 0",
        "xyxy, xyz, 2",
        "aaa, aaaa, 3",
        "aab, aabaab, 3",
        "x, x, 0",
        "aa, ab, 1"
    })
    void the_longest_open_beginning_at_the_end_counts(String text, String word, int length) {
        assertEquals(length, Beginnings.atEndOf(text, word));
    }

    @Test
    void an_empty_text_is_the_beginning_of_every_word() {
        assertEquals(0, Beginnings.atEndOf("", "word"));
        assertTrue(Beginnings.isBeginning("", 0, "word"));
    }

    @Test
    void a_text_longer_than_the_word_is_no_beginning_of_it() {
        assertTrue(Beginnings.isBeginning("xword", 1, "word"));
        assertFalse(Beginnings.isBeginning("words", 0, "word"));
        assertFalse(Beginnings.isBeginning("wa", 0, "word"));
    }
}
