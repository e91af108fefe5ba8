package io.moonglass.runtime.ocr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CharacterErrorRateTest {

    @ParameterizedTest
    @CsvSource({
        "kitten, sitting, 3",
        "'', abc, 3",
        "abc, '', 3",
        "'', '', 0",
        "same, same, 0",
        "flaw, lawn, 2",
        "月光玻璃, 月光玻离, 1",
        "a🌙b, ab, 1"
    })
    void edits_are_counted_in_characters(String written, String read, long edits) {
        assertEquals(edits, CharacterErrorRate.of(written, read).numEdits());
        assertEquals(edits, CharacterErrorRate.of(read, written).numEdits());
    }

    @Test
    void the_rate_is_of_what_is_written() {
        assertEquals(0.25, CharacterErrorRate.of("🌙abc", "abc").rate());
        CharacterErrorRate both =
                CharacterErrorRate.of("a", "bcd").plus(CharacterErrorRate.of("xyz", "xyz"));
        assertEquals(0.75, both.rate());
        assertEquals(0, CharacterErrorRate.of("", "").rate());
        assertEquals(1, CharacterErrorRate.of("", "abc").rate());
    }

    @Test
    void texts_that_would_take_minutes_are_refused() {
        String text = "a".repeat(70_000);
        assertThrows(IllegalArgumentException.class, () -> CharacterErrorRate.of(text, text + "b"));
    }
}
