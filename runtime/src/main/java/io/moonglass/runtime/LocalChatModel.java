package io.moonglass.runtime;

import io.moonglass.engine.Branch;
import io.moonglass.engine.CacheType;
import io.moonglass.engine.DecoderObserver;
import io.moonglass.engine.DecoderWeights;
import io.moonglass.engine.Engine;
import io.moonglass.engine.EngineOptions;
import io.moonglass.engine.GenerationRequest;
import io.moonglass.engine.KvCache;
import io.moonglass.engine.PromptImage;
import io.moonglass.engine.RequestScope;
import io.moonglass.engine.SamplingParameters;
import io.moonglass.engine.Scoring;
import io.moonglass.engine.TokenMask;
import io.moonglass.loader.config.GenerationConfig;
import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.ModelName;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.config.VisionConfig;
import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.pack.ModelRevision;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.template.PromptRenderer;
import io.moonglass.runtime.admission.AdmissionQueue;
import io.moonglass.runtime.answer.AnswerShape;
import io.moonglass.runtime.answer.AnswerStream;
import io.moonglass.runtime.answer.ClosingSink;
import io.moonglass.runtime.constraint.AnswerConstraints;
import io.moonglass.runtime.media.ImageInput;
import io.moonglass.runtime.media.ImageRows;
import io.moonglass.runtime.media.MediaIntake;
import io.moonglass.runtime.media.MediaStatistics;
import io.moonglass.runtime.media.PictureProgress;
import io.moonglass.runtime.media.PlacedMedia;
import io.moonglass.runtime.media.TakenMedia;
import io.moonglass.runtime.ocr.OpenPages;
import io.moonglass.runtime.ocr.PageWish;
import io.moonglass.runtime.prompt.ComposedPrompt;
import io.moonglass.runtime.prompt.PromptComposer;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.vision.VisionEncoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// A checkpoint that is loaded and runs in this process: template, tokenizer, vision and engine
/// joined.
public final class LocalChatModel implements ChatModel {

    private static final System.Logger LOG = System.getLogger(LocalChatModel.class.getName());

    /// Log probabilities that are told of one prompt. Each takes about a kilobyte on its way to a caller.
    private static final long MAX_PROMPT_SCORES = 1 << 17;

    private final String name;
    private final ModelConfig config;
    private final ChatModelOptions options;
    private final Checkpoint checkpoint;
    private final PromptComposer composer;
    private final AnswerConstraints constraints;
    private final SamplingParameters defaultSampling;
    private final Set<Integer> stopTokenIds;
    private final Optional<MediaIntake> media;
    private final ThreadTeam team;
    private final Engine engine;
    private final AdmissionQueue queue;

    /// Loads a checkpoint folder. Weights stay mapped from their files.
    ///
    /// @throws io.moonglass.loader.fault.ConfigException if a JSON file cannot be used
    /// @throws io.moonglass.loader.fault.ModelFormatException if a file is damaged or missing
    public static LocalChatModel load(Path directory, ChatModelOptions options) {
        return load(directory, options, DecoderObserver.NONE);
    }

    /// The same under the eyes of an observer.
    static LocalChatModel load(Path directory, ChatModelOptions options, DecoderObserver observer) {
        Checkpoint checkpoint = Checkpoint.open(directory);
        try {
            return new LocalChatModel(checkpoint, options, observer);
        } catch (RuntimeException | Error e) {
            checkpoint.close();
            throw e;
        }
    }

    /// Everything that can be refused is read before anything that must be closed is made.
    private LocalChatModel(
            Checkpoint checkpoint, ChatModelOptions options, DecoderObserver observer) {
        Path directory = checkpoint.directory();
        this.checkpoint = checkpoint;
        this.options = options;
        this.config = checkpoint.config();
        this.name = options.name().orElseGet(() -> ModelName.of(directory));
        PromptRenderer prompts = PromptRenderer.read(directory, config);
        GenerationConfig generation = GenerationConfig.read(directory);
        this.stopTokenIds = prompts.tokenizer().stopIds(generation);
        this.defaultSampling = sampling(generation);
        DecoderWeights weights = DecoderWeights.from(checkpoint);
        EngineOptions engineOptions = options.engine().apply(engineDefaults(checkpoint, options));
        Optional<PreprocessorConfig> preprocessor = config.vision().map(this::preprocessor);
        Digest revision = revision();
        Optional<VisionEncoder> encoder = config.vision().map(_ -> visionEncoder());
        this.team = new ThreadTeam(options.numThreads());
        try {
            this.engine = new Engine(weights, engineOptions, team, observer);
        } catch (RuntimeException | Error e) {
            // the cache's memory may not be there
            team.close();
            encoder.ifPresent(VisionEncoder::close);
            throw e;
        }
        this.media =
                encoder.map(opened ->
                        new MediaIntake(
                                options.media(),
                                options.numThreads(),
                                options.workDirectory(),
                                engine.contextLength() / 2,
                                preprocessor.orElseThrow(),
                                revision,
                                opened,
                                engine.turns()));
        this.composer =
                new PromptComposer(
                        prompts,
                        media,
                        name,
                        config.text().vocabSize(),
                        config.mediaPlaceholderTokenId());
        this.constraints =
                new AnswerConstraints(
                        prompts.tokenizer(),
                        config.text().vocabSize(),
                        stopTokenIds,
                        options.reasons().orElseGet(() -> reasonsByName(name)));
        this.queue =
                new AdmissionQueue(
                        options.queueLimits(),
                        engine.contextLength(),
                        () -> statistics().engine().promptTokensPerSecond(),
                        () -> statistics().media().pixelsPerSecond());
        logContext();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int contextLength() {
        return engine.contextLength();
    }

    @Override
    public SamplingParameters defaultSampling() {
        return defaultSampling;
    }

    @Override
    public Generation generate(
            ChatRequest request,
            List<Consumer<GenerationEvent>> answers,
            BooleanSupplier abandoned) {
        try (ComposedPrompt prompt =
                composer.compose(request.prompt(), request.answer().format(), abandoned)) {
            return generate(request, prompt, answers, abandoned);
        }
    }

    private Generation generate(
            ChatRequest request,
            ComposedPrompt prompt,
            List<Consumer<GenerationEvent>> answers,
            BooleanSupplier abandoned) {
        AnswerOptions options = request.answer();
        PromptSize size = prompt.size();
        int maxTokens = options.maxTokens().orElse(Math.max(1, contextLength() - size.tokens()));
        // Before pictures are encoded, which may take minutes.
        engine.refuseTooLong(size.tokens(), maxTokens);
        refuseTooManyScores(size.tokens(), options.scoring());
        Supplier<TokenMask> masks = constraints.of(request, abandoned);
        Set<Integer> stops = stopTokenIds(options);
        AnswerShape shape = AnswerShape.of(options, request.tools(), stops);
        List<Branch> branches = new ArrayList<>();
        for (Consumer<GenerationEvent> events : answers) {
            branches.add(
                    new Branch(
                            options.sampling()
                                    .withSeed(options.sampling().seed() + branches.size()),
                            masks.get(),
                            new AnswerStream(
                                    composer.tokenizer(), shape, prompt.tokenIds(), size, events)));
        }
        answers.getFirst().accept(new GenerationEvent.PromptMeasured(size));
        return submit(
                prompt,
                new Wanted(maxTokens, stops, request.scope(), options.scoring(), branches),
                abandoned,
                progressTo(answers.getFirst(), prompt.images().size()));
    }

    private static void refuseTooManyScores(int numTokens, Scoring scoring) {
        if (scoring.prompt().isEmpty()) {
            return;
        }
        int numTop = scoring.prompt().getAsInt();
        long numScores = numTokens * (1L + numTop);
        if (numScores > MAX_PROMPT_SCORES) {
            throw InvalidRequestException.invalidValue(
                    "prompt_logprobs",
                    "prompt_logprobs: %,d tokens with %d others beside each are %,d log probabilities, the limit is %,d; ask for fewer, or send a shorter prompt"
                            .formatted(numTokens, numTop, numScores, MAX_PROMPT_SCORES));
        }
    }

    /// What the engine is asked for beside the prompt.
    private record Wanted(
            int maxTokens,
            Set<Integer> stopTokenIds,
            RequestScope scope,
            Scoring scoring,
            List<Branch> branches) {}

    /// Waits for its turn, encodes the pictures and hands the prompt to the engine.
    private Generation submit(
            ComposedPrompt prompt,
            Wanted wanted,
            BooleanSupplier abandoned,
            Consumer<PictureProgress> progress) {
        AdmissionQueue.Share share = queue.admit(prompt.numTokens(), prompt.fittedPixels());
        List<ImageRows> rows = List.of();
        try {
            rows = encode(prompt.images(), wanted.scope(), abandoned, progress);
            share.picturesEncoded();
            Engine.Ticket ticket =
                    engine.submit(
                            new GenerationRequest(
                                    prompt.tokenIds(),
                                    config.mediaPlaceholderTokenId(),
                                    rows.stream().map(LocalChatModel::promptImage).toList(),
                                    wanted.maxTokens(),
                                    wanted.stopTokenIds(),
                                    wanted.scope(),
                                    wanted.scoring(),
                                    closing(wanted.branches(), share, rows)));
            return new LocalGeneration(ticket, prompt.size());
        } catch (RuntimeException | Error e) {
            rows.forEach(ImageRows::close);
            share.close();
            throw e;
        }
    }

    /// The branches, which give back what they hold when they end.
    private static List<Branch> closing(
            List<Branch> branches, AdmissionQueue.Share share, List<ImageRows> rows) {
        AtomicInteger numOpen = new AtomicInteger(branches.size());
        Runnable close =
                () -> {
                    share.close();
                    if (numOpen.decrementAndGet() == 0) {
                        rows.forEach(ImageRows::close);
                    }
                };
        return branches.stream()
                .map(branch ->
                        new Branch(
                                branch.sampling(),
                                branch.mask(),
                                new ClosingSink(branch.sink(), share::promptComputed, close)))
                .toList();
    }

    private Set<Integer> stopTokenIds(AnswerOptions options) {
        Set<Integer> all = new HashSet<>(options.stopTokenIds());
        if (!options.ignoreEos()) {
            all.addAll(stopTokenIds);
        }
        return all;
    }

    private static Consumer<PictureProgress> progressTo(
            Consumer<GenerationEvent> events, int numPictures) {
        return reached ->
                events.accept(
                        new GenerationEvent.PicturesPrepared(
                                reached.numDecoded(), reached.numEncoded(), numPictures));
    }

    private record LocalGeneration(Engine.Ticket ticket, PromptSize prompt) implements Generation {

        @Override
        public void cancel() {
            ticket.cancel();
        }
    }

    @Override
    public PromptSize measure(Prompt prompt, AnswerFormat format, BooleanSupplier abandoned) {
        try (ComposedPrompt composed = composer.compose(prompt, format, abandoned)) {
            return composed.size();
        }
    }

    @Override
    public int[] render(Prompt prompt, AnswerFormat format, BooleanSupplier abandoned) {
        try (ComposedPrompt composed = composer.compose(prompt, format, abandoned)) {
            return composed.tokenIds();
        }
    }

    @Override
    public int[] tokenize(String text, boolean withSpecialTokens) {
        return withSpecialTokens
                ? composer.tokenizer().encode(text)
                : composer.tokenizer().encodeOrdinary(text);
    }

    @Override
    public String detokenize(int[] tokenIds) {
        int numTokens = composer.tokenizer().vocabularySize();
        for (int tokenId : tokenIds) {
            if (tokenId < 0 || tokenId >= numTokens) {
                throw InvalidRequestException.invalidValue(
                        "tokens",
                        "tokens: there is no token %d; want ids from 0 to %d"
                                .formatted(tokenId, numTokens - 1));
            }
        }
        return composer.tokenizer().decode(tokenIds, false);
    }

    @Override
    public Embedding embedText(Prompt text, RequestScope scope, BooleanSupplier abandoned) {
        try (ComposedPrompt prompt =
                composer.compose(text, new AnswerFormat.FreeText(), abandoned)) {
            return embedText(prompt, scope, abandoned);
        }
    }

    private Embedding embedText(
            ComposedPrompt prompt, RequestScope scope, BooleanSupplier abandoned) {
        engine.refuseTooLong(prompt.numTokens(), 0);
        FeatureSink features = new FeatureSink();
        Generation generation =
                submit(
                        prompt,
                        new Wanted(
                                0,
                                Set.of(),
                                scope,
                                new Scoring(OptionalInt.empty(), OptionalInt.empty(), true),
                                List.of(new Branch(SamplingParameters.GREEDY, features))),
                        abandoned,
                        _ -> {});
        try {
            return new Embedding(features.await(abandoned), prompt.size());
        } catch (CancellationException e) {
            generation.cancel();
            throw e;
        }
    }

    @Override
    public Embedding embedPicture(
            ContentPart.Picture picture,
            String param,
            RequestScope scope,
            BooleanSupplier abandoned) {
        try (TakenMedia taken =
                composer.take(List.of(new PlacedMedia(picture, param)), abandoned)) {
            ImageInput image = taken.images().getFirst();
            PromptSize size = new ComposedPrompt(new int[image.numTokens()], taken).size();
            try (AdmissionQueue.Share _ = queue.admit(0, image.fittedPixels())) {
                List<ImageRows> rows = encode(List.of(image), scope, abandoned, _ -> {});
                try {
                    return new Embedding(mean(rows.getFirst().matrix()), size);
                } finally {
                    rows.forEach(ImageRows::close);
                }
            }
        }
    }

    @Override
    public OpenPages openPages(ContentPart.File file, PageWish wish, BooleanSupplier abandoned) {
        return composer.intake(file.param()).openPages(file, wish, abandoned);
    }

    private static float[] mean(FloatMatrix rows) {
        double[] sum = new double[rows.numColumns()];
        for (int row = 0; row < rows.numRows(); row++) {
            for (int column = 0; column < sum.length; column++) {
                sum[column] += rows.get(row, column);
            }
        }
        float[] mean = new float[sum.length];
        for (int column = 0; column < sum.length; column++) {
            mean[column] = (float) (sum[column] / rows.numRows());
        }
        return mean;
    }

    @Override
    public ModelStatistics statistics() {
        return new ModelStatistics(
                engine.statistics(),
                media.map(MediaIntake::statistics).orElse(MediaStatistics.NONE),
                queue.statistics());
    }

    @Override
    public FlushedCaches flush(Set<ModelCache> caches) {
        long encoderBytes =
                caches.contains(ModelCache.ENCODER)
                        ? media.map(MediaIntake::flushCache).orElse(0L)
                        : 0;
        int prefixBlocks = caches.contains(ModelCache.PREFIX) ? engine.flushPrefixes().join() : 0;
        return new FlushedCaches(prefixBlocks, encoderBytes);
    }

    @Override
    public void giveBackMemory() {
        media.ifPresent(MediaIntake::giveBackMemory);
    }

    @Override
    public void warmUp() {
        constraints.warmUp();
        WarmUp.run(this, media.isPresent());
    }

    @Override
    public void close() {
        engine.close();
        team.close();
        media.ifPresent(MediaIntake::close);
        checkpoint.close();
    }

    int vocabSize() {
        return config.text().vocabSize();
    }

    private List<ImageRows> encode(
            List<ImageInput> images,
            RequestScope scope,
            BooleanSupplier abandoned,
            Consumer<PictureProgress> progress) {
        return media.map(intake -> intake.encode(images, scope, abandoned, progress))
                .orElse(List.of());
    }

    private static PromptImage promptImage(ImageRows rows) {
        return new PromptImage(rows.matrix(), rows.content());
    }

    private PreprocessorConfig preprocessor(VisionConfig vision) {
        PreprocessorConfig preprocessor = PreprocessorConfig.read(checkpoint.directory());
        if (preprocessor.patchSize() != vision.patchSize()) {
            throw new ModelFormatException(
                    "preprocessor_config.json: patch_size is %d, vision_config.patch_size of config.json is %d; take both from one release"
                            .formatted(preprocessor.patchSize(), vision.patchSize()));
        }
        return preprocessor;
    }

    private VisionEncoder visionEncoder() {
        return options.media()
                .backend()
                .open(checkpoint, options.workDirectory(), options.numThreads(), false);
    }

    /// What makes rows of patches.
    private Digest revision() {
        return new DigestBuilder()
                .add(ModelRevision.of(checkpoint))
                .add(options.media().backend().name())
                .build();
    }

    /// No file of a checkpoint says that it was taught to think first; the released models' names do.
    private static boolean reasonsByName(String name) {
        return name.toLowerCase(Locale.ROOT).contains("thinking");
    }

    private static EngineOptions engineDefaults(Checkpoint checkpoint, ChatModelOptions options) {
        CacheType type = checkpoint.isQuantized() ? CacheType.BF16 : CacheType.F32;
        return EngineOptions.defaults(
                checkpoint.config().text(),
                options.kv().type().orElse(type),
                options.kv().memory().orElseGet(() -> CacheMemory.share(checkpoint)));
    }

    /// Says what became of the memory that is there, and warns if contexts are cut short by it.
    private void logContext() {
        System.Logger.Level level =
                contextLength() < config.text().maxPositionEmbeddings()
                        ? System.Logger.Level.WARNING
                        : System.Logger.Level.INFO;
        LOG.log(
                level,
                "cache: {0} blocks of {1} tokens; a prompt and its answer may have {2} tokens, the model allows {3}",
                engine.statistics().numBlocks(),
                KvCache.BLOCK_SIZE,
                contextLength(),
                config.text().maxPositionEmbeddings());
    }

    private static SamplingParameters sampling(GenerationConfig generation) {
        return SamplingParameters.GREEDY
                .withTemperature(generation.samplingTemperature())
                .withTopP(generation.topP())
                .withTopK(generation.topK())
                .withRepetitionPenalty(generation.repetitionPenalty());
    }
}
