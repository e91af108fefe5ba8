package io.moonglass.runtime.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReasoningTest {

    private final StringBuilder thought = new StringBuilder();
    private final StringBuilder answer = new StringBuilder();
    private final Reasoning reasoning = new Reasoning(thought::append, answer::append);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "◁think▷why◁/think▷because        | why               | because",
                "◁think▷◁/think▷because           | \"\"              | because",
                "◁think▷why◁/think▷               | why               | \"\"",
                "◁think▷never closed              | never closed      | \"\"",
                "◁think▷nearly closed◁/think      | nearly closed◁/think | \"\"",
                "◁think▷a◁/thin◁/think▷b          | a◁/thin           | b",
                "◁think▷a◁think▷b◁/think▷c        | a◁think▷b         | c",
                "◁think▷a◁/think▷b◁think▷c◁/think▷ | a                | b◁think▷c◁/think▷",
                "no marker at all                 | \"\"              | no marker at all",
                "so ◁think▷late◁/think▷           | \"\"              | so ◁think▷late◁/think▷",
                "◁/think▷closed before            | \"\"              | ◁/think▷closed before",
                "◁thin                            | \"\"              | ◁thin",
                "◁thinking                        | \"\"              | ◁thinking",
                "\"\"                             | \"\"              | \"\""
            })
    void however_the_text_is_cut_it_is_split_at_the_markers(
            String text, String wantedThought, String wantedAnswer) {
        for (int size = 1; size <= Math.max(1, text.length()); size++) {
            thought.setLength(0);
            answer.setLength(0);
            Reasoning split = new Reasoning(thought::append, answer::append);
            for (int from = 0; from < text.length(); from += size) {
                split.push(text.substring(from, Math.min(text.length(), from + size)));
            }
            split.flush();

            assertEquals(wantedThought, thought.toString(), text + " by " + size);
            assertEquals(wantedAnswer, answer.toString(), text + " by " + size);
        }
    }

    @Test
    void text_that_can_be_no_marker_is_given_out_at_once() {
        reasoning.push("◁think▷one ");
        assertEquals("one ", thought.toString());
        assertTrue(reasoning.isOpen());

        reasoning.push("two◁/");
        assertEquals("one two", thought.toString());

        reasoning.push("think▷three");
        assertEquals("three", answer.toString());
        assertFalse(reasoning.isOpen());
    }

    @Test
    void an_answer_without_reasoning_is_not_held_back() {
        reasoning.push("T");

        assertEquals("T", answer.toString());
    }

    @Test
    void earlier_reasoning_is_removed_with_its_markers() {
        List<List<String>> cases =
                List.of(
                        List.of("◁think▷why◁/think▷because", "because"),
                        List.of("◁think▷why◁/think▷", ""),
                        List.of("◁think▷never closed", ""),
                        List.of("plain", "plain"),
                        List.of("", ""),
                        List.of("so ◁think▷why◁/think▷", "so ◁think▷why◁/think▷"));

        cases.forEach(pair -> assertEquals(pair.get(1), Reasoning.removedFrom(pair.get(0))));
    }
}
