package io.moonglass.server.http;

import io.moonglass.engine.EngineStatistics;
import io.moonglass.engine.FinishReason;
import io.moonglass.engine.RequestScope;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatRequest;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Embedding;
import io.moonglass.runtime.FlushedCaches;
import io.moonglass.runtime.Generation;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.ModelCache;
import io.moonglass.runtime.ModelStatistics;
import io.moonglass.runtime.Prompt;
import io.moonglass.runtime.PromptSize;
import io.moonglass.runtime.Usage;
import io.moonglass.runtime.admission.QueueStatistics;
import io.moonglass.runtime.media.MediaStatistics;
import io.moonglass.runtime.ocr.OcrPage;
import io.moonglass.runtime.ocr.OpenPages;
import io.moonglass.runtime.ocr.PageWish;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/// A model without weights: a test says what it answers, on a thread that stands for the engine's. Of
/// several answers to one request it gives one after the other.
public final class ScriptedModel implements ChatModel {

    /// One generation, on the engine's thread.
    public interface Script {
        void play(ChatRequest request, Consumer<GenerationEvent> events, CountDownLatch cancelled)
                throws InterruptedException;
    }

    /// What preparing the prompt takes, on the caller's thread.
    interface Preparation {
        void run(BooleanSupplier abandoned) throws InterruptedException;
    }

    static final SamplingParameters DEFAULTS = SamplingParameters.GREEDY.withTemperature(0.25);

    /// Of every prompt.
    static final PromptSize SIZE =
            new PromptSize(11, 4, 0, List.of(new PromptSize.Picture(56, 56, 4)), List.of());

    public volatile Script script = ScriptedModel::hello;
    volatile RuntimeException refusal;
    public volatile Runnable beforeClose = () -> {};
    volatile Preparation beforeGenerate = _ -> {};

    /// What its pictures come to, once the prompt's size is told.
    volatile Consumer<ChatRequest> afterMeasuring = _ -> {};

    volatile ModelStatistics statistics = idle();

    /// Tokens of a prompt.
    volatile ToIntFunction<Prompt> size = _ -> SIZE.tokens();

    volatile Prompt lastMeasured;
    private volatile ChatRequest lastRequest;
    private volatile CountDownLatch lastCancelled;
    private volatile boolean closed;

    static void hello(
            ChatRequest request, Consumer<GenerationEvent> events, CountDownLatch cancelled) {
        events.accept(new GenerationEvent.TextDelta("Good "));
        events.accept(new GenerationEvent.TextDelta("day ☾"));
        events.accept(finished(FinishReason.STOP));
    }

    private static ModelStatistics idle() {
        return without(Duration.ZERO);
    }

    /// The statistics of a model whose engine last got on so long ago.
    static ModelStatistics without(Duration progress) {
        return new ModelStatistics(
                new EngineStatistics(
                        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, progress),
                MediaStatistics.NONE,
                new QueueStatistics(0, 0, 16_384, 1_000_000));
    }

    public static GenerationEvent.Finished finished(FinishReason reason) {
        return new GenerationEvent.Finished(reason, new Usage(11, 4, 0, 0, 3, 1), List.of(5, 6, 7));
    }

    @Override
    public String name() {
        return "tiny/model";
    }

    @Override
    public int contextLength() {
        return 4096;
    }

    @Override
    public SamplingParameters defaultSampling() {
        return DEFAULTS;
    }

    @Override
    public Generation generate(
            ChatRequest request,
            List<Consumer<GenerationEvent>> answers,
            BooleanSupplier abandoned) {
        if (refusal != null) {
            throw refusal;
        }
        CountDownLatch cancelled = new CountDownLatch(1);
        lastCancelled = cancelled;
        try {
            beforeGenerate.run(abandoned);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        lastRequest = request;
        answers.getFirst().accept(new GenerationEvent.PromptMeasured(sizeOf(request.prompt())));
        afterMeasuring.accept(request);
        Script played = script;
        Thread.ofVirtual()
                .start(() -> {
                    try {
                        for (Consumer<GenerationEvent> answer : answers) {
                            played.play(request, answer, cancelled);
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                });
        return new ScriptedGeneration(cancelled);
    }

    private record ScriptedGeneration(CountDownLatch cancelled) implements Generation {

        @Override
        public PromptSize prompt() {
            return SIZE;
        }

        @Override
        public void cancel() {
            cancelled.countDown();
        }
    }

    @Override
    public PromptSize measure(Prompt prompt, AnswerFormat format, BooleanSupplier abandoned) {
        lastMeasured = prompt;
        return sizeOf(prompt);
    }

    private PromptSize sizeOf(Prompt prompt) {
        return new PromptSize(
                size.applyAsInt(prompt), SIZE.imageTokens(), 0, SIZE.pictures(), List.of());
    }

    @Override
    public int[] render(Prompt prompt, AnswerFormat format, BooleanSupplier abandoned) {
        return new int[SIZE.tokens()];
    }

    /// A token a character.
    @Override
    public int[] tokenize(String text, boolean withSpecialTokens) {
        return text.chars().toArray();
    }

    @Override
    public String detokenize(int[] tokenIds) {
        return new String(tokenIds, 0, tokenIds.length);
    }

    @Override
    public Embedding embedText(Prompt text, RequestScope scope, BooleanSupplier abandoned) {
        return new Embedding(new float[] {1, 0.5f}, SIZE);
    }

    @Override
    public Embedding embedPicture(
            ContentPart.Picture picture,
            String param,
            RequestScope scope,
            BooleanSupplier abandoned) {
        return new Embedding(new float[] {-1, 2}, SIZE);
    }

    /// A document of as many pages as there are entries, each with so many tiles; -1 for a page that is damaged.
    volatile int[] tilesOfPages = {1};

    volatile ContentPart.File lastOpened;
    volatile PageWish lastWish;

    @Override
    public OpenPages openPages(ContentPart.File file, PageWish wish, BooleanSupplier abandoned) {
        lastOpened = file;
        lastWish = wish;
        if (refusal != null) {
            throw refusal;
        }
        return new ScriptedPages(tilesOfPages);
    }

    private record ScriptedPages(int[] tiles) implements OpenPages {

        @Override
        public int numPages() {
            return tiles.length;
        }

        @Override
        public int numWanted() {
            return tiles.length;
        }

        @Override
        public int number(int index) {
            return index + 1;
        }

        @Override
        public OcrPage page(int index) {
            if (tiles[index] < 0) {
                throw new InvalidRequestException(
                        InvalidRequestException.Kind.INVALID_IMAGE,
                        "document",
                        "document: page %d is damaged".formatted(index + 1));
            }
            return new OcrPage(
                    index + 1,
                    100,
                    200,
                    OptionalInt.of(150),
                    1,
                    Stream.generate(() -> ContentPart.Picture.at("page:" + (index + 1)))
                            .limit(tiles[index])
                            .toList());
        }

        @Override
        public void close() {}
    }

    /// What it would drop if it were asked to.
    volatile Set<ModelCache> kept = Set.of();

    @Override
    public FlushedCaches flush(Set<ModelCache> caches) {
        Set<ModelCache> flushed = new HashSet<>(kept);
        flushed.retainAll(caches);
        return new FlushedCaches(
                flushed.contains(ModelCache.PREFIX) ? 7 : 0,
                flushed.contains(ModelCache.ENCODER) ? 1_000 : 0);
    }

    @Override
    public ModelStatistics statistics() {
        return statistics;
    }

    public ChatRequest lastRequest() {
        return lastRequest;
    }

    public boolean isClosed() {
        return closed;
    }

    boolean wasCancelledWithin(int seconds) throws InterruptedException {
        return lastCancelled.await(seconds, TimeUnit.SECONDS);
    }

    @Override
    public void close() {
        beforeClose.run();
        closed = true;
    }
}
