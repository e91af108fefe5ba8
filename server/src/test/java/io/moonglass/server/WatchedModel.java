package io.moonglass.server;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Generation;
import io.moonglass.runtime.GenerationEvent;
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
            ChatRequest request, Consumer<GenerationEvent> events, BooleanSupplier abandoned) {
        Generation generation =
                model.generate(
                        request,
                        event -> {
                            // Before the client can know it, so that no test sees an earlier one's
                            // end.
                            if (event instanceof GenerationEvent.Finished finished) {
                                ends.add(finished.reason());
                            }
                            events.accept(event);
                        },
                        abandoned);
        begun.release();
        return generation;
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
