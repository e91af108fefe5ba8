package io.moonglass.runtime.answer;

import io.moonglass.runtime.TokenScore;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Scores of tokens whose text has not come out yet: it may be half a character, or the beginning of a stop
/// string. A token's score comes out with the first of its text.
final class PendingScores {

    private record Pending(TokenScore score, long begin) {}

    private final ArrayDeque<Pending> pending = new ArrayDeque<>();
    private long charsOut;

    /// @param begin characters of the answer before the token's own
    void add(TokenScore score, long begin) {
        pending.add(new Pending(score, begin));
    }

    /// So many more characters came out.
    ///
    /// @return the scores that come with them
    List<TokenScore> released(int numChars) {
        charsOut += numChars;
        List<TokenScore> released = new ArrayList<>();
        while (!pending.isEmpty() && pending.getFirst().begin() < charsOut) {
            released.add(pending.removeFirst().score());
        }
        return released;
    }

    /// Forgets tokens that turned out to be no text of the answer.
    ///
    /// @param numChars of the answer before them
    void forgetFrom(long numChars) {
        pending.removeIf(token -> token.begin() >= numChars);
    }

    /// What is left when no more text comes.
    List<TokenScore> rest() {
        return pending.stream().map(Pending::score).toList();
    }
}
