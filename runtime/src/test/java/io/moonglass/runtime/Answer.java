package io.moonglass.runtime;

import io.moonglass.runtime.GenerationEvent.Failed;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.GenerationEvent.ReasoningDelta;
import io.moonglass.runtime.GenerationEvent.TextDelta;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Gathers the events of one generation.
final class Answer implements Consumer<GenerationEvent> {

    private final StringBuilder text = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final CompletableFuture<Finished> end = new CompletableFuture<>();
    private final CompletableFuture<Void> begun = new CompletableFuture<>();

    @Override
    public void accept(GenerationEvent event) {
        if (!(event instanceof GenerationEvent.PicturesPrepared)
                && !(event instanceof GenerationEvent.PromptMeasured)) {
            begun.complete(null);
        }
        switch (event) {
            case TextDelta(String more, _) -> text.append(more);
            case ReasoningDelta(String more) -> reasoning.append(more);
            case GenerationEvent.PromptMeasured _,
                    GenerationEvent.PicturesPrepared _,
                    GenerationEvent.PromptScored _,
                    GenerationEvent.ToolCallBegun _,
                    GenerationEvent.ToolArgumentsDelta _ -> {}
            case Finished finished -> end.complete(finished);
            case Failed(RuntimeException cause) -> end.completeExceptionally(cause);
        }
    }

    static Answer to(ChatModel model, ChatRequest request) {
        Answer answer = new Answer();
        model.generate(request, answer);
        return answer;
    }

    /// Waits for the first event of the answer itself.
    void awaitBeginning() throws Exception {
        begun.get(60, TimeUnit.SECONDS);
    }

    /// Waits for the end.
    Finished finished() throws Exception {
        return end.get(60, TimeUnit.SECONDS);
    }

    String text() throws Exception {
        finished();
        return text.toString();
    }
}
