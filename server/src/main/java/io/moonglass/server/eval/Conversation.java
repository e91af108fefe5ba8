package io.moonglass.server.eval;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Locale;

/// One line of an evaluation set's `questions.jsonl`: pictures and questions about them, asked one
/// after another.
///
/// @param skill  what it tests; the report counts by this name
/// @param images the pictures' files, relative to the set's folder; all are shown with the first question
/// @param system a system message; may be absent
/// @param match  how an answer is compared; exactly, where it is absent
public record Conversation(
        String skill, List<String> images, String system, List<Turn> turns, Match match) {

    /// @param answers any of these is right
    public record Turn(String question, @JsonProperty("answer") List<String> answers) {}

    /// How an answer is compared with those that are accepted. White space around either does not count.
    public enum Match {
        /// The same, letter by letter.
        @JsonProperty("exact")
        EXACT {
            @Override
            boolean accepts(String wanted, String answer) {
                return wanted.equals(answer);
            }
        },
        /// The wanted text is somewhere in the answer, in upper or lower case.
        @JsonProperty("contains")
        CONTAINS {
            @Override
            boolean accepts(String wanted, String answer) {
                return answer.toLowerCase(Locale.ROOT).contains(wanted.toLowerCase(Locale.ROOT));
            }
        };

        abstract boolean accepts(String wanted, String answer);
    }

    public Conversation {
        images = images == null ? List.of() : List.copyOf(images);
        match = match == null ? Match.EXACT : match;
    }

    /// Whether this is a right answer to that turn.
    boolean isRight(Turn turn, String answer) {
        return turn.answers().stream()
                .anyMatch(wanted -> match.accepts(wanted.strip(), answer.strip()));
    }
}
