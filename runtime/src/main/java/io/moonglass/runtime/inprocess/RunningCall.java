package io.moonglass.runtime.inprocess;

import io.moonglass.engine.FinishReason;
import io.moonglass.runtime.Generation;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Failed;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.wire.OcrRun;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// A request while it is worked for. What comes of it comes from the engine's thread and is taken on the thread of whoever
/// waits; there is no more of it than answers have tokens. Any thread may cancel.
final class RunningCall implements OcrRun.Asker, AutoCloseable {

    /// What comes next.
    sealed interface Step {
        /// @param event no fault
        record Event(int answer, GenerationEvent event) implements Step {}

        /// The prompts are with the engine; some of the events may have come before.
        record Prepared() implements Step {}

        /// Something has changed that is no event.
        record Noted() implements Step {}

        record Refused(Throwable fault) implements Step {}
    }

    private final LinkedBlockingQueue<Step> steps = new LinkedBlockingQueue<>();
    private final List<Generation> generations = new CopyOnWriteArrayList<>();
    private final RequestTimeline timeline = new RequestTimeline();
    private final Deadline deadline;
    private volatile boolean isCancelled;

    RunningCall(Deadline deadline) {
        this.deadline = deadline;
    }

    /// Does on another thread what has the answers generated, because pictures may take long.
    void prepare(Runnable work) {
        Thread.ofVirtual()
                .name("prepare")
                .start(() -> {
                    try {
                        work.run();
                        steps.add(new Step.Prepared());
                    } catch (RuntimeException | Error e) {
                        steps.add(new Step.Refused(e));
                    }
                });
    }

    /// Waits for what comes next.
    ///
    /// @return no [Step.Refused]
    /// @throws RuntimeException of a fault, or if the request was cancelled, is too late or its model was closed
    Step next() throws InterruptedException {
        Step step = steps.poll(deadline.remainingNanos(), TimeUnit.NANOSECONDS);
        if (isCancelled) {
            throw new CancellationException("nobody waits for the answer");
        }
        if (deadline.hasPassed()) {
            throw InProcessFaults.deadlineExceeded();
        }
        return switch (step) {
            case null -> next();
            case Step.Refused(Throwable fault) -> throw thrown(fault);
            case Step.Event(_, Failed(RuntimeException cause)) -> throw cause;
            // what was ended by a closing model must not pass for a whole answer
            case Step.Event(_, Finished end) when end.reason() == FinishReason.CANCELLED ->
                    throw InProcessFaults.closed();
            case Step.Event _, Step.Prepared _, Step.Noted _ -> step;
        };
    }

    private static RuntimeException thrown(Throwable fault) {
        if (fault instanceof Error error) {
            throw error;
        }
        return (RuntimeException) fault;
    }

    @Override
    public RequestTimeline timeline() {
        return timeline;
    }

    @Override
    public boolean isStopped() {
        return isCancelled || deadline.hasPassed();
    }

    @Override
    public Consumer<GenerationEvent> taker(int answer) {
        return event -> steps.add(new Step.Event(answer, event));
    }

    @Override
    public void run(Generation generation) {
        generations.add(generation);
        if (isCancelled) {
            generation.cancel();
        }
    }

    @Override
    public void forget(Generation generation) {
        generations.remove(generation);
    }

    @Override
    public void note() {
        steps.add(new Step.Noted());
    }

    /// Ends it, whatever stage it is in; does nothing to one that has ended.
    void cancel() {
        isCancelled = true;
        generations.forEach(Generation::cancel);
        steps.add(new Step.Refused(new CancellationException("nobody waits for the answer")));
    }

    @Override
    public void close() {
        cancel();
    }
}
