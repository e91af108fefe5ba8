package io.moonglass.loader.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TextChunksTest {

    @Test
    void a_short_text_is_one_chunk_and_an_empty_one_none() {
        assertEquals(List.of(5), lengths("a b c"));
        assertEquals(List.of(), lengths(""));
    }

    @Test
    void a_run_is_cut_before_its_character_25001() {
        assertEquals(List.of(25_000), lengths("a".repeat(25_000)));
        assertEquals(List.of(25_000, 1), lengths("a".repeat(25_001)));
        assertEquals(List.of(25_003, 25_000, 7), lengths("xx " + "a".repeat(50_007)));
        assertEquals(List.of(25_001, 2), lengths("a" + " ".repeat(25_002)));
    }

    @Test
    void runs_count_code_points_and_end_where_white_space_begins_or_ends() {
        assertEquals(List.of(50_000, 2), lengths("😀".repeat(25_001)));
        assertEquals(List.of(100_000), lengths("ab ".repeat(33_333) + "c"));
    }

    @Test
    void the_separators_that_python_takes_for_white_space_end_a_run() {
        assertEquals(List.of(50_001), lengths("a".repeat(25_000) + "\u001C" + "a".repeat(25_000)));
        assertEquals(
                List.of(25_000, 25_000, 1),
                lengths("a".repeat(25_000) + "\u200B" + "a".repeat(25_000)));
    }

    @Test
    void no_chunk_has_more_than_400000_code_points_and_runs_start_afresh() {
        assertEquals(List.of(400_000, 200_001), lengths("a ".repeat(300_000) + "a"));
        assertEquals(List.of(600_000, 3), lengths("😀 ".repeat(200_001)));
    }

    private static List<Integer> lengths(String text) {
        List<Integer> lengths = new ArrayList<>();
        TextChunks.forEach(text, (start, end) -> lengths.add(end - start));
        return lengths;
    }
}
