package io.moonglass.server.command;

import io.moonglass.server.eval.Answered;
import java.io.PrintWriter;
import java.util.List;

/// How far an evaluation is: one line that changes on a terminal, a line for every tenth elsewhere.
final class EvalProgress implements AutoCloseable {

    private final PrintWriter err;
    private final int numConversations;
    private final boolean onTerminal = System.console() != null && System.console().isTerminal();
    private int numDone;
    private int numAsked;
    private int numRight;

    EvalProgress(PrintWriter err, int numConversations) {
        this.err = err;
        this.numConversations = numConversations;
    }

    /// @param answers of one more conversation
    void show(List<Answered> answers) {
        numDone++;
        numAsked += answers.size();
        numRight += (int) answers.stream().filter(Answered::right).count();
        boolean tenth = numDone * 10 / numConversations > (numDone - 1) * 10 / numConversations;
        if (!onTerminal && !tenth) {
            return;
        }
        err.printf(
                onTerminal ? "\r%s" : "%s%n",
                "moonglass: %d of %d conversations, %d of %d answers right"
                        .formatted(numDone, numConversations, numRight, numAsked));
        err.flush();
    }

    @Override
    public void close() {
        if (onTerminal) {
            err.println();
        }
    }
}
