package io.moonglass.runtime.inprocess;

import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Generation;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.inprocess.RunningCall.Step;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// The answers to one question while they are generated.
final class RunningAnswers implements AutoCloseable {

    /// Whoever is told of the answers.
    interface Taker {
        /// The question can be answered: the prompt is with the engine.
        default void prepared() {}

        /// @param event no fault
        void take(int answer, GenerationEvent event);
    }

    private final RunningCall call;
    private final int numAnswers;
    private volatile PromptSize prompt;

    private RunningAnswers(RunningCall call, int numAnswers) {
        this.call = call;
        this.numAnswers = numAnswers;
    }

    static RunningAnswers start(
            ChatModel model, ChatRequest request, int numAnswers, Deadline deadline) {
        RunningCall call = new RunningCall(deadline);
        RunningAnswers running = new RunningAnswers(call, numAnswers);
        call.prepare(() -> running.generate(model, request));
        return running;
    }

    private void generate(ChatModel model, ChatRequest request) {
        List<Consumer<GenerationEvent>> takers =
                IntStream.range(0, numAnswers).mapToObj(call::taker).toList();
        Generation generation = model.generate(request, takers, call.timeline(), call::isStopped);
        prompt = generation.prompt();
        call.run(generation);
    }

    /// Hands all events over, on this thread, until all answers have ended.
    ///
    /// @throws RuntimeException of a fault, or if the request was cancelled, is too late or its model was closed
    void takeAll(Taker taker) throws InterruptedException {
        int numOpen = numAnswers;
        boolean isPrepared = false;
        while (numOpen > 0 || !isPrepared) {
            switch (call.next()) {
                case Step.Prepared() -> {
                    isPrepared = true;
                    taker.prepared();
                }
                case Step.Event(int answer, GenerationEvent event) -> {
                    numOpen -= event instanceof Finished ? 1 : 0;
                    taker.take(answer, event);
                }
                case Step.Noted _, Step.Refused _ -> {}
            }
        }
        call.timeline().answered();
    }

    /// What the prompt amounts to; there once all answers have ended.
    PromptSize prompt() {
        return prompt;
    }

    /// Where the time went.
    RequestTimeline timeline() {
        return call.timeline();
    }

    /// Ends the generation, whatever stage it is in; does nothing to one that has ended.
    void cancel() {
        call.cancel();
    }

    @Override
    public void close() {
        cancel();
    }
}
