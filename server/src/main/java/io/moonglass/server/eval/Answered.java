package io.moonglass.server.eval;

/// One question of a set and what came back.
///
/// @param wanted the first of the accepted answers
/// @param answer what the model said; the error's message if there was none
/// @param failed whether there was an error instead of an answer
public record Answered(
        Conversation conversation,
        String question,
        String wanted,
        String answer,
        boolean right,
        boolean failed) {

    /// Characters of the wanted answer that the given one has, in order: its length less the edits
    /// (Levenshtein 1966) that lead from one to the other, and never below zero.
    int rightCharacters() {
        if (failed) {
            return 0;
        }
        return right ? wanted.length() : Math.max(0, wanted.length() - edits(wanted, answer));
    }

    private static int edits(String wanted, String answer) {
        int[] above = new int[answer.length() + 1];
        for (int j = 0; j <= answer.length(); j++) {
            above[j] = j;
        }
        for (int i = 1; i <= wanted.length(); i++) {
            int[] row = new int[answer.length() + 1];
            row[0] = i;
            for (int j = 1; j <= answer.length(); j++) {
                int replaced =
                        above[j - 1] + (wanted.charAt(i - 1) == answer.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, 1 + Math.min(above[j], row[j - 1]));
            }
            above = row;
        }
        return above[answer.length()];
    }
}
