package io.moonglass.runtime.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ToolCallReaderTest {

    private static final String CALL =
            "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": \"}\\\"{\"}}</tool_call>";

    private final List<String> told = new ArrayList<>();
    private final ToolCallReader reader =
            new ToolCallReader(
                    Set.of("add", "get_time"),
                    new ToolCallReader.Taker() {
                        @Override
                        public void text(String more) {
                            add("text", more);
                        }

                        @Override
                        public void begun(int index, String name) {
                            told.add("call " + index + " " + name);
                        }

                        @Override
                        public void arguments(int index, String json) {
                            add("arguments " + index, json);
                        }
                    });

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 1000})
    void a_call_is_read_in_whichever_pieces_it_comes(int length) {
        push(CALL, length);

        assertEquals(List.of("call 0 add", "arguments 0:{\"a\": 1, \"b\": \"}\\\"{\"}"), told);
        assertEquals(1, reader.numCompleted());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 1000})
    void calls_follow_each_other_and_text_may_come_before_and_after(int length) {
        String second = "<tool_call>{\"name\":\"get_time\",\"arguments\":{}}</tool_call>";
        push("Well.\n" + CALL + "\n" + second + " \nDone.", length);

        assertEquals(
                List.of(
                        "text:Well.\n",
                        "call 0 add",
                        "arguments 0:{\"a\": 1, \"b\": \"}\\\"{\"}",
                        "call 1 get_time",
                        "arguments 1:{}",
                        "text:Done."),
                told);
    }

    @Test
    void a_call_is_told_as_soon_as_its_name_is_known() {
        reader.push("<tool_call>{\"name\": \"add\", \"arguments\": {\"a\"");

        assertEquals(List.of("call 0 add", "arguments 0:{\"a\""), told);
        assertTrue(reader.isInCall());
    }

    @Test
    void keys_in_another_order_are_read_too() {
        push("<tool_call>{\"arguments\": {\"a\": 1}, \"name\": \"add\"}</tool_call>", 4);

        assertEquals(List.of("call 0 add", "arguments 0:{\"a\":1}"), told);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<tool_call>",
                "<tool_call>{\"name\": \"add\"",
                "<tool_call>no call</tool_call> at all",
                "<tool_call>{\"name\": \"unknown\", \"arguments\": {}}</tool_call>",
                "<tool_call>{\"name\": \"add\", \"arguments\": 7}</tool_call>",
                "a < b, <tool, <tool_cal"
            })
    void what_is_no_call_stays_text_and_nothing_is_lost(String text) {
        push(text, 3);

        assertEquals(List.of("text:" + text), told);
    }

    @Test
    void numbers_keep_their_digits() {
        push(
                "<tool_call>{\"arguments\": {\"a\": 0.12345678901234567890}, \"name\": \"add\"}</tool_call>",
                9);

        assertEquals(List.of("call 0 add", "arguments 0:{\"a\":0.12345678901234567890}"), told);
    }

    @Test
    void a_call_whose_end_never_comes_is_not_waited_for() {
        push("<tool_call>{\"name\": \"add\", \"arguments\": {}" + " ".repeat(600) + "x", 7);

        assertEquals("call 0 add", told.getFirst());
        assertTrue(told.getLast().endsWith("x"), told.toString());
    }

    @Test
    void without_tools_everything_is_text() {
        List<String> texts = new ArrayList<>();
        ToolCallReader plain =
                new ToolCallReader(
                        Set.of(),
                        new ToolCallReader.Taker() {
                            @Override
                            public void text(String more) {
                                texts.add(more);
                            }

                            @Override
                            public void begun(int index, String name) {
                                throw new AssertionError();
                            }

                            @Override
                            public void arguments(int index, String json) {
                                throw new AssertionError();
                            }
                        });

        plain.push(CALL);

        assertEquals(List.of(CALL), texts);
    }

    private void push(String text, int length) {
        for (int i = 0; i < text.length(); i += length) {
            reader.push(text.substring(i, Math.min(i + length, text.length())));
        }
        reader.flush();
    }

    /// Joins pieces of one kind.
    private void add(String kind, String piece) {
        if (!told.isEmpty() && told.getLast().startsWith(kind + ":")) {
            told.add(told.removeLast() + piece);
        } else {
            told.add(kind + ":" + piece);
        }
    }
}
