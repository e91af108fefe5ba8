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
import io.moonglass.loader.template.RenderedPrompt;
import io.moonglass.loader.template.TemplateMessage;
import io.moonglass.loader.template.TemplatePart;
import io.moonglass.runtime.admission.AdmissionQueue;
import io.moonglass.runtime.answer.AnswerStream;
import io.moonglass.runtime.answer.ClosingSink;
import io.moonglass.runtime.answer.Reasoning;
import io.moonglass.runtime.media.ImageInput;
import io.moonglass.runtime.media.ImageRows;
import io.moonglass.runtime.media.MediaIntake;
import io.moonglass.runtime.media.MediaStatistics;
import io.moonglass.tensor.ThreadTeam;
import io.moonglass.vision.VisionEncoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// A checkpoint that is loaded and runs in this process: template, tokenizer, vision and engine
/// joined.
public final class LocalChatModel implements ChatModel {

    private static final System.Logger LOG = System.getLogger(LocalChatModel.class.getName());

    private final String name;
    private final ModelConfig config;
    private final ChatModelOptions options;
    private final Checkpoint checkpoint;
    private final PromptRenderer prompts;
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
        this.prompts = PromptRenderer.read(directory, config);
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
                                preprocessor.orElseThrow(),
                                revision,
                                opened,
                                engine.turns()));
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
        List<ImageInput> images = readImages(request.messages());
        int[] tokensPerImage = images.stream().mapToInt(ImageInput::numTokens).toArray();
        RenderedPrompt prompt =
                prompts.render(templateMessages(request.messages()), true, tokensPerImage);
        int numPrompt = prompt.tokenIds().length;
        int maxTokens =
                request.answer().maxTokens().orElse(Math.max(1, contextLength() - numPrompt));
        // Before pictures are encoded, which may take minutes.
        engine.refuseTooLong(numPrompt, maxTokens);
        AdmissionQueue.Share share =
                queue.admit(numPrompt, images.stream().mapToLong(ImageInput::fittedPixels).sum());
        try {
            return submit(request, images, prompt, maxTokens, share, answers, abandoned);
        } catch (RuntimeException | Error e) {
            share.close();
            throw e;
        }
    }

    /// Encodes the pictures and hands the prompt to the engine.
    private Generation submit(
            ChatRequest request,
            List<ImageInput> images,
            RenderedPrompt prompt,
            int maxTokens,
            AdmissionQueue.Share share,
            List<Consumer<GenerationEvent>> answers,
            BooleanSupplier abandoned) {
        int numPrompt = prompt.tokenIds().length;
        int numImageTokens = images.stream().mapToInt(ImageInput::numTokens).sum();
        Set<Integer> stops = request.answer().ignoreEos() ? Set.of() : stopTokenIds;
        List<ImageRows> rows = encode(images, request.scope(), abandoned);
        try {
            share.picturesEncoded();
            AtomicInteger numOpen = new AtomicInteger(answers.size());
            List<Branch> branches = new ArrayList<>();
            for (Consumer<GenerationEvent> events : answers) {
                AnswerStream answer =
                        new AnswerStream(
                                prompts.tokenizer()
                                        .streamingDecoder(request.answer().skipSpecialTokens()),
                                stops,
                                request.answer().stop(),
                                numPrompt,
                                numImageTokens,
                                events);
                SamplingParameters sampling = request.answer().sampling();
                branches.add(
                        new Branch(
                                sampling.withSeed(sampling.seed() + branches.size()),
                                new ClosingSink(
                                        answer,
                                        share::promptComputed,
                                        () -> {
                                            share.close();
                                            if (numOpen.decrementAndGet() == 0) {
                                                rows.forEach(ImageRows::close);
                                            }
                                        })));
            }
            Engine.Ticket ticket =
                    engine.submit(
                            new GenerationRequest(
                                    prompt.tokenIds(),
                                    config.mediaPlaceholderTokenId(),
                                    rows.stream().map(LocalChatModel::promptImage).toList(),
                                    maxTokens,
                                    stops,
                                    request.scope(),
                                    branches));
            return new LocalGeneration(ticket, size(prompt, images));
        } catch (RuntimeException | Error e) {
            rows.forEach(ImageRows::close);
            throw e;
        }
    }

    private record LocalGeneration(Engine.Ticket ticket, PromptSize prompt) implements Generation {

        @Override
        public void cancel() {
            ticket.cancel();
        }
    }

    private static PromptSize size(RenderedPrompt prompt, List<ImageInput> images) {
        return new PromptSize(
                prompt.tokenIds().length,
                images.stream().mapToInt(ImageInput::numTokens).sum(),
                List.of());
    }

    @Override
    public PromptSize measure(Prompt prompt) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int[] tokenize(String text, boolean withSpecialTokens) {
        return withSpecialTokens
                ? prompts.tokenizer().encode(text)
                : prompts.tokenizer().encodeOrdinary(text);
    }

    @Override
    public String detokenize(int[] tokenIds) {
        return prompts.tokenizer().decode(tokenIds, false);
    }

    @Override
    public Embedding embedText(Prompt text, RequestScope scope, BooleanSupplier abandoned) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Embedding embedPicture(
            ContentPart picture, String param, RequestScope scope, BooleanSupplier abandoned) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ModelStatistics statistics() {
        return new ModelStatistics(
                engine.statistics(),
                media.map(MediaIntake::statistics).orElse(MediaStatistics.NONE),
                queue.statistics());
    }

    @Override
    public void warmUp() {
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

    private List<ImageInput> readImages(List<Message> messages) {
        refuseTooManyImages(messages);
        List<ImageInput> images = new ArrayList<>();
        for (int m = 0; m < messages.size(); m++) {
            List<ContentPart> parts = messages.get(m).content();
            for (int p = 0; p < parts.size(); p++) {
                String where = "messages[%d].content[%d].image_url.url".formatted(m, p);
                switch (parts.get(p)) {
                    case ContentPart.Text _ -> {}
                    case ContentPart.ImageUrl(String url, _) ->
                            images.add(media(where).read(url, where));
                    case ContentPart.ImageBytes(byte[] bytes, _) ->
                            images.add(media(where).read(bytes, where));
                }
            }
        }
        return images;
    }

    private List<ImageRows> encode(
            List<ImageInput> images, RequestScope scope, BooleanSupplier abandoned) {
        return media.map(intake -> intake.encode(images, scope, abandoned)).orElse(List.of());
    }

    private static PromptImage promptImage(ImageRows rows) {
        return new PromptImage(rows.matrix(), rows.content());
    }

    private void refuseTooManyImages(List<Message> messages) {
        long numImages =
                messages.stream()
                        .flatMap(message -> message.content().stream())
                        .filter(part -> !(part instanceof ContentPart.Text))
                        .count();
        if (numImages > options.media().maxImages()) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                    "messages",
                    "the messages hold %d pictures, the limit is %d; send fewer"
                            .formatted(numImages, options.media().maxImages()));
        }
    }

    private MediaIntake media(String where) {
        return media.orElseThrow(() ->
                new InvalidRequestException(
                        InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                        where,
                        "%s: the model %s reads text only; send no pictures"
                                .formatted(where, name)));
    }

    private static List<TemplateMessage> templateMessages(List<Message> messages) {
        return messages.stream()
                .map(message ->
                        new TemplateMessage(message.role().templateName(), templateParts(message)))
                .toList();
    }

    /// Reasoning is taken out of what the assistant said earlier, though it may span several parts.
    private static List<TemplatePart> templateParts(Message message) {
        List<ContentPart> parts = message.content();
        boolean onlyText = parts.stream().allMatch(part -> part instanceof ContentPart.Text);
        if (message.role() == Role.ASSISTANT && onlyText) {
            String text =
                    parts.stream()
                            .map(part -> ((ContentPart.Text) part).text())
                            .collect(Collectors.joining());
            return List.of(new TemplatePart.Text(Reasoning.removedFrom(text)));
        }
        return parts.stream().map(LocalChatModel::templatePart).toList();
    }

    private static TemplatePart templatePart(ContentPart part) {
        return switch (part) {
            case ContentPart.Text(String text) -> new TemplatePart.Text(text);
            case ContentPart.ImageUrl _, ContentPart.ImageBytes _ -> new TemplatePart.Image();
        };
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
