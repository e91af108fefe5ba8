package io.moonglass.runtime.inprocess;

import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Generation;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Failed;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.RequestTimeline;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// The answers to one question while they are generated. Events come from the engine's thread and are taken on the thread
/// of whoever waits; there are no more of them than the answers have tokens. Any thread may cancel.
final class RunningAnswers implements AutoCloseable {

    /// Whoever is told of the answers.
    interface Taker {
        /// The question can be answered: the prompt is with the engine.
        default void prepared() {}

        /// @param event no fault
        void take(int answer, GenerationEvent event);
    }

    private sealed interface Step {
        record Event(int answer, GenerationEvent event) implements Step {}

        record Prepared(PromptSize prompt) implements Step {}

        record Refused(Throwable fault) implements Step {}
    }

    private final LinkedBlockingQueue<Step> steps = new LinkedBlockingQueue<>();
    private final int numAnswers;
    private final Deadline deadline;
    private volatile boolean isCancelled;
    private volatile Generation generation;
    private PromptSize prompt;

    private RunningAnswers(int numAnswers, Deadline deadline) {
        this.numAnswers = numAnswers;
        this.deadline = deadline;
    }

    /// Begins on another thread, because pictures may take long.
    static RunningAnswers start(
            ChatModel model, ChatRequest request, int numAnswers, Deadline deadline) {
        RunningAnswers running = new RunningAnswers(numAnswers, deadline);
        Thread.ofVirtual().name("prepare").start(() -> running.prepare(model, request));
        return running;
    }

    private void prepare(ChatModel model, ChatRequest request) {
        try {
            List<Consumer<GenerationEvent>> takers =
                    IntStream.range(0, numAnswers).mapToObj(this::taker).toList();
            generation =
                    model.generate(
                            request,
                            takers,
                            new RequestTimeline(),
                            () -> isCancelled || deadline.hasPassed());
            steps.add(new Step.Prepared(generation.prompt()));
            if (isCancelled) {
                generation.cancel();
            }
        } catch (RuntimeException | Error e) {
            steps.add(new Step.Refused(e));
        }
    }

    private Consumer<GenerationEvent> taker(int answer) {
        return event -> steps.add(new Step.Event(answer, event));
    }

    /// Hands all events over, on this thread, until all answers have ended.
    ///
    /// @throws RuntimeException of a fault, or if the request was cancelled, is too late or its model was closed
    void takeAll(Taker taker) throws InterruptedException {
        int numOpen = numAnswers;
        while (numOpen > 0 || prompt == null) {
            switch (next()) {
                case Step.Prepared(PromptSize size) -> {
                    prompt = size;
                    taker.prepared();
                }
                case Step.Refused(Throwable fault) -> throw thrown(fault);
                case Step.Event(_, Failed(RuntimeException cause)) -> throw cause;
                case Step.Event(int answer, GenerationEvent event) -> {
                    if (event instanceof Finished end) {
                        refuseCut(end);
                        numOpen--;
                    }
                    taker.take(answer, event);
                }
            }
        }
    }

    private Step next() throws InterruptedException {
        Step step = steps.poll(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
        if (isCancelled) {
            throw new CancellationException("nobody waits for the answer");
        }
        if (deadline.hasPassed()) {
            throw InProcessFaults.deadlineExceeded();
        }
        return step == null ? next() : step;
    }

    private static RuntimeException thrown(Throwable fault) {
        if (fault instanceof Error error) {
            throw error;
        }
        return (RuntimeException) fault;
    }

    /// What was ended by a closing model must not pass for a whole answer.
    private static void refuseCut(Finished end) {
        if (end.reason() == FinishReason.CANCELLED) {
            throw InProcessFaults.closed();
        }
    }

    /// What the prompt amounts to; there once all answers have ended.
    PromptSize prompt() {
        return prompt;
    }

    /// Ends the generation, whatever stage it is in; does nothing to one that has ended.
    void cancel() {
        isCancelled = true;
        Generation running = generation;
        if (running != null) {
            running.cancel();
        }
        steps.add(new Step.Refused(new CancellationException("nobody waits for the answer")));
    }

    @Override
    public void close() {
        cancel();
    }
}
