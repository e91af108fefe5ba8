package io.moonglass.server.http;

import io.moonglass.runtime.GenerationEvent.Finished;

/// One answer of a request as it has come so far.
final class CollectedAnswer {

    private final StringBuilder text = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private Finished finished;

    void addText(String more) {
        text.append(more);
    }

    void addReasoning(String more) {
        reasoning.append(more);
    }

    void finish(Finished end) {
        finished = end;
    }

    String text() {
        return text.toString();
    }

    String reasoning() {
        return reasoning.toString();
    }

    /// How it ended; null while it has not.
    Finished finished() {
        return finished;
    }
}
