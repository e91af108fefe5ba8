package io.moonglass.runtime.ocr;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PageRangesTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1-3,7,10-    | 0 1 2 6 9 10 11",
                "12           | 11",
                " 3 - 4 , 1 - | 0 1 2 3 4 5 6 7 8 9 10 11",
                "7,2,7,2-2    | 1 6",
                "12-          | 11",
                "001-02       | 0 1"
            })
    void pages_are_read_in_the_documents_order_each_once(String text, String wanted) {
        int[] pages = PageRanges.parse(text).in(12, 100);
        assertEquals(
                wanted, String.join(" ", Arrays.stream(pages).mapToObj(String::valueOf).toList()));
    }

    @Test
    void without_a_wish_all_pages_are_read() {
        assertArrayEquals(new int[] {0, 1, 2}, PageRanges.all().in(3, 3));
    }

    @Test
    void a_list_of_numbers_names_pages_too() {
        assertArrayEquals(new int[] {0, 4}, PageRanges.of(List.of(5, 1, 5)).in(5, 2));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ",",
                "1,",
                ",1",
                "0",
                "-1",
                "-",
                "1--2",
                "1-2-3",
                "a",
                "1;2",
                "1.5",
                "١",
                "99999999",
                "1000001",
                "3-0",
                "3-2",
                "1 2",
                "0x1",
                "+1",
                "1e3",
                "−1",
                "1-99999999999"
            })
    void anything_else_is_the_callers_fault(String text) {
        refused(() -> PageRanges.parse(text));
    }

    @Test
    void faults_say_what_was_found_and_what_was_wanted() {
        assertEquals(
                "pages has \"two\"; want pages and ranges such as 1-3,7,10-",
                refused(() -> PageRanges.parse("1,two")).getMessage());
        assertEquals(
                "pages has 9, the document has 8; want numbers from 1 to 8",
                refused(() -> PageRanges.parse("3-9").in(8, 100)).getMessage());
        assertEquals(
                "pages has 9, the document has 8; want numbers from 1 to 8",
                refused(() -> PageRanges.parse("9-").in(8, 100)).getMessage());
        assertEquals(
                "pages are 8 pages, the limit is 5 a request; choose fewer, such as 1-5",
                refused(() -> PageRanges.all().in(8, 5)).getMessage());
    }

    @Test
    void lists_are_bounded() {
        refused(() -> PageRanges.of(List.of()));
        refused(() -> PageRanges.of(List.of(0)));
        refused(() -> PageRanges.of(List.of(-3)));
        refused(() -> PageRanges.of(List.of(Integer.MAX_VALUE)));
        refused(() -> PageRanges.of(Collections.nCopies(1_001, 1)));
        refused(() -> PageRanges.parse("1,".repeat(1_000) + "1"));
        refused(() -> PageRanges.parse("1,".repeat(5_000_000)));
        refused(() -> PageRanges.parse("1-" + " ".repeat(1_000_000) + "x"));
        assertArrayEquals(new int[] {0}, PageRanges.parse("1,".repeat(999) + "1").in(1, 1));
    }

    private static InvalidRequestException refused(Executable work) {
        InvalidRequestException e = assertThrows(InvalidRequestException.class, work);
        assertEquals("pages", e.param());
        return e;
    }
}
