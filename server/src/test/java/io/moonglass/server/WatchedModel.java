package io.moonglass.server;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.Generation;
import io.moonglass.runtime.GenerationEvent;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// A model whose ends of generations a test can wait for.
record WatchedModel(ChatModel model, BlockingQueue<FinishReason> ends) implements ChatModel {

    WatchedModel(ChatModel model) {
        this(model, new LinkedBlockingQueue<>());
    }

    @Override
    public Generation generate(
            ChatRequest request, Consumer<GenerationEvent> events, BooleanSupplier abandoned) {
        return model.generate(
                request,
                event -> {
                    events.accept(event);
                    if (event instanceof GenerationEvent.Finished finished) {
                        ends.add(finished.reason());
                    }
                },
                abandoned);
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
