package io.moonglass.server.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moonglass.server.eval.Conversation.Turn;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AnsweredTest {

    @ParameterizedTest
    @CsvSource({
        "kitten, kitten, 6",
        "kitten, sitting, 3",
        "Gate 12, Gate 2, 6",
        "Gate 12, Gates 12, 6",
        "red, '', 0",
        "red, a very long answer, 0"
    })
    void right_characters_are_those_that_no_edit_has_to_mend(
            String wanted, String answer, int rightCharacters) {
        Turn turn = new Turn("What does it say?", List.of(wanted));
        Conversation conversation = new Conversation("ocr", null, null, List.of(turn), null);
        boolean right = conversation.isRight(turn, answer);

        Answered answered =
                new Answered(conversation, turn.question(), wanted, answer, right, false);

        assertEquals(rightCharacters, answered.rightCharacters());
    }
}
