package io.moonglass.runtime.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopStringsTest {

    @Test
    void without_stops_everything_comes_out_at_once() {
        StopStrings stops = new StopStrings(List.of());

        assertEquals("any", stops.push("any"));
        assertEquals("thing", stops.push("thing"));
        assertEquals("", stops.flush());
        assertFalse(stops.found().isPresent());
    }

    @Test
    void a_stop_in_pieces_never_comes_out() {
        StopStrings stops = new StopStrings(List.of("END"));

        assertEquals("a", stops.push("aE"));
        assertEquals("", stops.push("N"));
        assertFalse(stops.found().isPresent());
        assertEquals("", stops.push("Dmore"));
        assertTrue(stops.found().isPresent());
        assertEquals("", stops.push("after"));
        assertEquals("", stops.flush());
    }

    @Test
    void what_only_looked_like_a_stop_comes_out_as_soon_as_that_is_clear() {
        StopStrings stops = new StopStrings(List.of("\n\n"));

        assertEquals("one", stops.push("one\n"));
        assertEquals("\ntwo", stops.push("two"));
        assertEquals("", stops.push("\n"));
        assertEquals("\n", stops.flush());
        assertFalse(stops.found().isPresent());
    }

    @Test
    void the_earliest_stop_counts_not_the_first_of_the_list() {
        StopStrings stops = new StopStrings(List.of("world", "lo"));

        assertEquals("hel", stops.push("hello world"));
        assertTrue(stops.found().isPresent());
    }

    @Test
    void the_stop_that_is_complete_first_counts_also_where_another_began_before() {
        StopStrings stops = new StopStrings(List.of("abab", "b"));

        assertEquals("a", stops.push("abab"));
    }

    @Test
    void of_two_stops_with_one_end_the_longer_counts() {
        StopStrings stops = new StopStrings(List.of("b", "ab"));

        assertEquals("x", stops.push("xab"));
    }

    @Test
    void a_stop_that_begins_another_ends_the_text_first() {
        StopStrings stops = new StopStrings(List.of("stopping", "stop"));

        assertEquals("", stops.push("sto"));
        assertEquals("", stops.push("p"));
        assertTrue(stops.found().isPresent());
    }

    @Test
    void beginnings_that_overlap_are_followed_up() {
        StopStrings stops = new StopStrings(List.of("aab"));

        assertEquals("", stops.push("aa"));
        assertEquals("a", stops.push("a"));
        assertEquals("", stops.push("b"));
        assertTrue(stops.found().isPresent());
    }

    @Test
    void however_the_text_is_cut_what_comes_out_is_the_text_before_the_first_stop() {
        Random random = new Random(7);
        for (int round = 0; round < 20_000; round++) {
            List<String> words = new ArrayList<>();
            for (int i = random.nextInt(4); i > 0; i--) {
                words.add(randomText(random, 1 + random.nextInt(4)));
            }
            String text = randomText(random, random.nextInt(14));
            int first = firstStop(text, words);

            StopStrings stops = new StopStrings(words);
            StringBuilder out = new StringBuilder();
            for (int from = 0; from < text.length(); ) {
                int to = Math.min(text.length(), from + 1 + random.nextInt(4));
                out.append(stops.push(text.substring(from, to)));
                from = to;
            }
            out.append(stops.flush());

            assertEquals(
                    first < 0 ? text : text.substring(0, first),
                    out.toString(),
                    () -> text + " with stops " + words);
            assertEquals(first >= 0, stops.found().isPresent());
        }
    }

    /// By definition: the shortest beginning of the text that ends with a stop, without the longest
    /// stop it ends with; -1 if there is none.
    private static int firstStop(String text, List<String> words) {
        for (int end = 1; end <= text.length(); end++) {
            String beginning = text.substring(0, end);
            OptionalInt longest =
                    words.stream().filter(beginning::endsWith).mapToInt(String::length).max();
            if (longest.isPresent()) {
                return end - longest.getAsInt();
            }
        }
        return -1;
    }

    private static String randomText(Random random, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) ('a' + random.nextInt(2)));
        }
        return text.toString();
    }
}
