package io.moonglass.runtime.ocr;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TileTextTest {

    @Test
    void lines_that_both_tiles_show_are_taken_once() {
        assertEquals(
                "one line\ntwo lines\nthree lines\nfour lines",
                text("one line\ntwo lines\nthree lines", "two lines\nthree lines\nfour lines"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void a_page_in_tiles_is_the_page_however_much_they_overlap(int overlap) {
        List<String> page = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            page.add("Position " + i + " of the delivery, " + (i * 37 % 11) + " pieces");
        }
        List<String> tiles = new ArrayList<>();
        for (int from = 0; from < 40 - overlap; from += 10) {
            tiles.add(String.join("\n", page.subList(from, Math.min(40, from + 10 + overlap))));
        }
        assertEquals(String.join("\n", page), TileText.join(tiles, 1, OcrFormat.TEXT));
    }

    @Test
    void of_a_line_that_was_read_in_two_ways_the_longer_one_stays() {
        assertEquals(
                "Dear reader,\nthe moon is made of glass.\nYours",
                text(
                        "Dear reader,\nthe moon is made of glas",
                        "the moon is made of glass.\nYours"));
    }

    @Test
    void of_several_lines_each_comes_from_the_tile_whose_edge_is_further_away() {
        assertEquals(
                "the first line here\nthe second line here\nthe third line",
                text(
                        "the first line here\nthe second line her",
                        "he first line here\nthe second line here\nthe third line"));
    }

    @Test
    void a_line_that_an_edge_cuts_is_left_out_beside_lines_that_agree() {
        assertEquals(
                "alpha line\nbravo line\ncharlie line\ndelta line",
                text("alpha line\nbravo line\nc.,-'_", "bravo line\ncharlie line\ndelta line"));
        assertEquals(
                "alpha line\nbravo line\ncharlie line\ndelta line",
                text("alpha line\nbravo line\ncharlie line", "^'~^' ..\ncharlie line\ndelta line"));
    }

    @Test
    void rows_that_differ_in_their_numbers_alone_are_different_rows() {
        assertEquals(
                "Item 11 costs 30 EUR\nItem 12 costs 30 EUR",
                text("Item 11 costs 30 EUR", "Item 12 costs 30 EUR"));
    }

    @Test
    void tiles_with_nothing_in_common_are_taken_whole() {
        assertEquals("above\nbelow", text("above", "below"));
        assertEquals("above\nbelow", text("above\n\n", "\n  \n", "\nbelow"));
        assertEquals("", text("", " ", "\n"));
        assertEquals("", TileText.join(List.of(), 1, OcrFormat.TEXT));
    }

    @Test
    void blank_lines_inside_of_a_tile_stay() {
        assertEquals("a\n\nbe gone\n\nc", text("a\n\nbe gone", "be gone\n\nc"));
    }

    @Test
    void a_line_is_returned_once_no_later_tile_can_change_it() {
        TileText text = new TileText(1, OcrFormat.TEXT);
        assertEquals("", text.add("first of all\nsecond of all"));
        assertEquals("first of all", text.add("second of all\nthird of all"));
        assertEquals("\nsecond of all\nthird of all", text.add("fourth of all"));
        assertEquals("\nfourth of all", text.finish());
    }

    @Test
    void halves_of_lines_are_joined_where_they_share_characters() {
        assertEquals(
                "The moon is bright tonight\nand nobody looks\n\nat it from here",
                beside(
                        "The moon is bri\nand nobo\n\nat it from",
                        "bright tonight\nobody looks\n\nfrom here"));
    }

    @Test
    void columns_that_share_nothing_follow_each_other() {
        assertEquals(
                "left one\nleft two\n\nright first\nright second",
                beside("left one\nleft two", "right first\nright second"));
    }

    @Test
    void halves_with_different_numbers_of_lines_follow_each_other() {
        assertEquals("abc\nabd\n\nbc d", beside("abc\nabd", "bc d"));
    }

    @Test
    void columns_over_several_rows_lose_what_each_repeats() {
        assertEquals(
                "left one\nleft two\n\nright one ends\n\nleft three\n\nright two ends\nright three ends",
                beside(
                        "left one\nleft two",
                        "right one ends",
                        "left two\nleft three",
                        "right two ends\nright three ends"));
    }

    @Test
    void rows_of_joined_lines_overlap_like_single_tiles() {
        assertEquals(
                "first line is here\nsecond line is here\nthird line is here",
                beside(
                        "first line i\nsecond line i",
                        "line is here\nline is here",
                        "second line i\nthird line i",
                        "line is here\nline is here"));
    }

    @Test
    void a_last_row_that_is_incomplete_is_not_lost() {
        assertEquals("alone", TileText.join(List.of("alone"), 2, OcrFormat.TEXT));
    }

    @Test
    void a_paragraph_that_the_seam_cuts_goes_on() {
        assertEquals(
                "# Title\n\nThe moon is made of glass and shines at night.\n\nEnd.",
                markdown(
                        "# Title\n\nThe moon is made of glass and",
                        "made of glass and shines at night.\n\nEnd."));
    }

    @Test
    void blocks_with_nothing_in_common_have_a_blank_line_between() {
        assertEquals("One.\n\nTwo.", markdown("One.", "Two."));
    }

    @Test
    void a_table_that_the_seam_cuts_is_one_table() {
        String head = "| name | price |\n| --- | ---: |\n| pear | 1 |";
        assertEquals(
                head + "\n| plum | 2 |\n| fig | 3 |",
                markdown(head, "| plum | 2 |\n|---|---:|\n| fig | 3 |"));
        assertEquals(
                head + "\n| plum | 2 |\n| fig | 3 |",
                markdown(head + "\n| plum | 2 |", "| plum | 2 |\n|---|---|\n| fig | 3 |"));
    }

    @Test
    void a_fence_around_the_whole_answer_is_taken_off() {
        assertEquals(
                "# A\n\n```\ncode\n```",
                markdown("```markdown\n# A\n```", "```md\n```\ncode\n```\n```"));
    }

    @ParameterizedTest
    @EnumSource(OcrFormat.class)
    void long_texts_take_no_long_time(OcrFormat format) {
        String line = "ab ".repeat(200_000);
        String joined = TileText.join(List.of(line, line + "c", "x\n".repeat(100_000)), 1, format);
        assertTrue(joined.length() > 700_000);
    }

    @Test
    void tiles_beside_each_other_are_at_least_one() {
        assertThrows(IllegalArgumentException.class, () -> new TileText(0, OcrFormat.TEXT));
    }

    private static String text(String... tiles) {
        return TileText.join(List.of(tiles), 1, OcrFormat.TEXT);
    }

    private static String beside(String... tiles) {
        return TileText.join(List.of(tiles), 2, OcrFormat.TEXT);
    }

    private static String markdown(String... tiles) {
        return TileText.join(List.of(tiles), 1, OcrFormat.MARKDOWN);
    }
}
