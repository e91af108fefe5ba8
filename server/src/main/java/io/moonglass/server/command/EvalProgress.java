package io.moonglass.server.command;

import io.moonglass.server.eval.EvaluationReport;
import java.io.PrintWriter;

/// How far an evaluation is: one line that changes on a terminal, a line for every tenth elsewhere.
final class EvalProgress implements AutoCloseable {

    private final PrintWriter err;
    private final int numConversations;
    private final boolean onTerminal = System.console() != null && System.console().isTerminal();
    private int numDone;

    EvalProgress(PrintWriter err, int numConversations) {
        this.err = err;
        this.numConversations = numConversations;
    }

    /// @param soFar what has been asked up to now, one conversation more each time
    void show(EvaluationReport soFar) {
        numDone++;
        boolean tenth = numDone * 10 / numConversations > (numDone - 1) * 10 / numConversations;
        if (!onTerminal && !tenth) {
            return;
        }
        EvaluationReport.Summary summary = soFar.summary();
        err.printf(
                onTerminal ? "\r%s" : "%s%n",
                "moonglass: %d of %d conversations, %d of %d answers right"
                        .formatted(numDone, numConversations, summary.right(), summary.asked()));
        err.flush();
    }

    @Override
    public void close() {
        if (onTerminal) {
            err.println();
        }
    }
}
