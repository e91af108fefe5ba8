package io.moonglass.server;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Generation;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.ModelStatistics;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// A model whose generations' beginnings and ends a test can wait for.
record WatchedModel(ChatModel model, Semaphore begun, BlockingQueue<FinishReason> ends)
        implements ChatModel {

    WatchedModel(ChatModel model) {
        this(model, new Semaphore(0), new LinkedBlockingQueue<>());
    }

    @Override
    public Generation generate(
            ChatRequest request,
            List<Consumer<GenerationEvent>> answers,
            BooleanSupplier abandoned) {
        Generation generation =
                model.generate(request, answers.stream().map(this::watched).toList(), abandoned);
        begun.release();
        return generation;
    }

    /// The end is noted before the client can know it, so that no test sees an earlier one's.
    private Consumer<GenerationEvent> watched(Consumer<GenerationEvent> events) {
        return event -> {
            if (event instanceof GenerationEvent.Finished finished) {
                ends.add(finished.reason());
            }
            events.accept(event);
        };
    }

    @Override
    public ModelStatistics statistics() {
        return model.statistics();
    }

    @Override
    public String name() {
        return model.name();
    }

    @Override
    public int contextLength() {
        return model.contextLength();
    }

    @Override
    public SamplingParameters defaultSampling() {
        return model.defaultSampling();
    }

    @Override
    public void close() {
        model.close();
    }
}
