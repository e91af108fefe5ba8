package io.moonglass.server.command;

import io.moonglass.server.eval.Answered;
import java.io.PrintWriter;
import java.util.List;

/// How far an evaluation is.
final class EvalProgress implements AutoCloseable {

    private final ProgressLine line;
    private final int numConversations;
    private int numDone;
    private int numAsked;
    private int numRight;

    EvalProgress(PrintWriter err, int numConversations) {
        this.line = new ProgressLine(err);
        this.numConversations = numConversations;
    }

    /// @param answers of one more conversation
    void show(List<Answered> answers) {
        numDone++;
        numAsked += answers.size();
        numRight += (int) answers.stream().filter(Answered::right).count();
        line.show(
                numDone,
                numConversations,
                () ->
                        "%d of %d conversations, %d of %d answers right"
                                .formatted(numDone, numConversations, numRight, numAsked));
    }

    @Override
    public void close() {
        line.end();
    }
}
