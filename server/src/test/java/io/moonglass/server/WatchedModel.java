package io.moonglass.server;

import io.moonglass.engine.FinishReason;
import io.moonglass.engine.RequestScope;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Embedding;
import io.moonglass.runtime.Generation;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.ModelStatistics;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.ocr.OpenPages;
import io.moonglass.runtime.ocr.PageWish;
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
            RequestTimeline timeline,
            BooleanSupplier abandoned) {
        Generation generation =
                model.generate(
                        request, answers.stream().map(this::watched).toList(), timeline, abandoned);
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
    public PromptSize measure(Prompt prompt, AnswerFormat format, BooleanSupplier abandoned) {
        return model.measure(prompt, format, abandoned);
    }

    @Override
    public int[] render(Prompt prompt, AnswerFormat format, BooleanSupplier abandoned) {
        return model.render(prompt, format, abandoned);
    }

    @Override
    public int[] tokenize(String text, boolean withSpecialTokens) {
        return model.tokenize(text, withSpecialTokens);
    }

    @Override
    public String detokenize(int[] tokenIds) {
        return model.detokenize(tokenIds);
    }

    @Override
    public Embedding embedText(Prompt text, RequestScope scope, BooleanSupplier abandoned) {
        return model.embedText(text, scope, abandoned);
    }

    @Override
    public Embedding embedPicture(
            ContentPart.Picture picture,
            String param,
            RequestScope scope,
            BooleanSupplier abandoned) {
        return model.embedPicture(picture, param, scope, abandoned);
    }

    @Override
    public OpenPages openPages(
            ContentPart.File file,
            PageWish wish,
            RequestTimeline timeline,
            BooleanSupplier abandoned) {
        return model.openPages(file, wish, timeline, abandoned);
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
