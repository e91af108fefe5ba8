package io.moonglass.runtime.inprocess;

import io.moonglass.engine.CacheType;
import io.moonglass.engine.EngineOptions;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.pack.CacheDirectory;
import io.moonglass.loader.pack.ChosenWeights;
import io.moonglass.loader.pack.PackProgress;
import io.moonglass.loader.pack.VisionFile;
import io.moonglass.loader.pack.WeightChoice;
import io.moonglass.loader.pack.WeightFormat;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.runtime.media.MediaOptions;
import io.moonglass.vision.VisionBackend;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Collects how a model is loaded into this process. Its methods are named after the options of `moonglass serve`, and mean
/// and default to the same. May be used more than once, by one thread at a time.
public final class InProcessBuilder {

    private final Path folder;
    private Optional<String> visionFile = Optional.empty();
    private WeightChoice weights = new WeightChoice.Suitable();
    private Optional<Path> cache = Optional.empty();
    private PackProgress packProgress = (_, _, _, _) -> {};
    private boolean warmsUp;
    private ChatModelOptions options = ChatModelOptions.DEFAULT;

    InProcessBuilder(Path folder) {
        this.folder = Objects.requireNonNull(folder, "folder");
    }

    /// The vision part of a decoder in GGUF, or `none` to read text alone (`--mmproj`; default: the one `*mmproj*.gguf`
    /// beside the decoder).
    public InProcessBuilder visionFile(String file) {
        visionFile = Optional.of(file);
        return this;
    }

    /// What requests call the model (`--name`; default: its folder's name).
    public InProcessBuilder name(String value) {
        return options(all -> all.withName(value));
    }

    /// Compute from this format (`--weights`). A checkpoint is packed into the cache first, and later loads find it there; one
    /// that is packed already must be of this format.
    ///
    /// Default: the stored numbers, up to 1 GiB of weights. Above it 8 bits, or 4 where 8 would take more than half of the
    /// memory.
    public InProcessBuilder weights(WeightFormat format) {
        weights = new WeightChoice.Packed(format);
        return this;
    }

    /// Compute from the numbers that lie in the folder, however large they are (`--weights stored`).
    public InProcessBuilder storedWeights() {
        weights = new WeightChoice.Stored();
        return this;
    }

    /// Where packed models are kept (`--cache`; default: `MOONGLASS_CACHE`, else `XDG_CACHE_HOME/moonglass`, else
    /// `~/.cache/moonglass`).
    public InProcessBuilder cache(Path directory) {
        cache = Optional.of(directory);
        return this;
    }

    /// Told how far packing is, which takes minutes for a large checkpoint.
    public InProcessBuilder packProgress(PackProgress progress) {
        packProgress = Objects.requireNonNull(progress, "progress");
        return this;
    }

    /// Threads that compute (`--threads`; default: one for each core).
    ///
    /// @throws ConfigException if it is below 1
    public InProcessBuilder threads(int value) {
        return options(all -> all.withNumThreads(value));
    }

    /// What encodes pictures (`--vision`; default: [VisionBackend#NATIVE]).
    public InProcessBuilder vision(VisionBackend backend) {
        return media(media -> media.withBackend(backend));
    }

    /// Bytes for keys and values of tokens (`--kv-memory`; default: half of what is available beside the weights).
    public InProcessBuilder kvMemory(long bytes) {
        atLeast("kv memory", bytes, 1);
        return options(all -> all.withKv(all.kv().withMemory(bytes)));
    }

    /// What they are kept in (`--kv-type`; default: bfloat16, or floats where no weight is quantised).
    public InProcessBuilder kvType(CacheType type) {
        return options(all -> all.withKv(all.kv().withType(type)));
    }

    /// Bytes for encoded pictures that may be shown again, 0 for none (`--encoder-cache`; default: 512 MiB, or an eighth of a
    /// small machine's memory).
    public InProcessBuilder encoderCache(long bytes) {
        atLeast("encoder cache", bytes, 0);
        return media(media -> media.withCacheBytes(bytes));
    }

    /// Answers that are computed at once; more wait (`--max-running`; default: 32).
    public InProcessBuilder maxRunning(int value) {
        atLeast("max running", value, 1);
        return engine(engine -> engine.withMaxRunning(value));
    }

    /// How long a step may take while somebody waits for its end: the longest pause of a stream (`--step-time`; default: 1
    /// second).
    public InProcessBuilder stepTime(Duration value) {
        return engine(engine -> engine.withStepTime(value));
    }

    /// Compute what prompts begin with in common once (`--prefix-cache`; default: true).
    public InProcessBuilder prefixCache(boolean wanted) {
        return engine(engine -> engine.withPrefixes(wanted));
    }

    /// Guess tokens ahead from what was said before, where that is faster (`--speculation`; default: true).
    public InProcessBuilder speculation(boolean wanted) {
        return engine(engine -> engine.withSpeculation(wanted));
    }

    /// Whether the model was taught to think before it answers (`--reasoning`; default: whether its name has "thinking" in
    /// it).
    public InProcessBuilder reasoning(boolean isTaught) {
        return options(all -> all.withReasons(isTaught));
    }

    /// Whether [#load()] runs what a first request would run, as `serve` does at its start, so that no caller waits for it
    /// (default: false). It takes a few seconds.
    public InProcessBuilder warmUp(boolean wanted) {
        warmsUp = wanted;
        return this;
    }

    /// Limits of pictures, videos and documents, and where they may come from.
    public InProcessBuilder media(UnaryOperator<MediaOptions> change) {
        return options(all -> all.withMedia(change.apply(all.media())));
    }

    /// What has no method here.
    public InProcessBuilder options(UnaryOperator<ChatModelOptions> change) {
        options = change.apply(options);
        return this;
    }

    private InProcessBuilder engine(UnaryOperator<EngineOptions> change) {
        return options(all -> all.withEngine(change));
    }

    private static void atLeast(String name, long value, long least) {
        if (value < least) {
            throw new ConfigException("%s is %d; want %d or more".formatted(name, value, least));
        }
    }

    /// Loads the model, packed before if that is wanted and was not done yet.
    ///
    /// @throws ConfigException if a setting or a JSON file cannot be used, or the disk has no room
    /// @throws io.moonglass.loader.fault.ModelFormatException if a file is damaged or missing
    public InProcessModel load() {
        ChosenWeights chosen = new ChosenWeights(weights, cache.orElseGet(CacheDirectory::ofUser));
        ChosenWeights.Source source =
                chosen.of(VisionFile.with(folder, visionFile), options.numThreads(), packProgress);
        LocalChatModel model =
                LocalChatModel.load(
                        source.folder(),
                        options.name().isPresent() ? options : options.withName(source.name()));
        try {
            if (warmsUp) {
                model.warmUp();
            }
            return InProcessModel.of(model);
        } catch (RuntimeException | Error e) {
            model.close();
            throw e;
        }
    }
}
