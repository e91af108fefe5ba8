package io.moonglass.server.command;

import io.moonglass.engine.CacheType;
import io.moonglass.engine.EngineOptions;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.KvOptions;
import io.moonglass.runtime.media.MediaOptions;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Option;

/// How many requests are computed at once.
final class BatchingOptions implements SettingsSection {

    private static final int MOST_STEP_SECONDS = 3600;

    @Option(
            names = "--kv-memory",
            paramLabel = "SIZE",
            description =
                    "Memory for keys and values of tokens, such as 4GiB (default: half of what is available beside the weights).",
            converter = ByteSizeConverter.class)
    private Optional<Long> kvMemory = Optional.empty();

    @Option(
            names = "--kv-type",
            paramLabel = "TYPE",
            description =
                    "What they are kept in: f32, bf16, or q8, which takes half of bf16 (default: bf16, or f32 where no weight is quantised).",
            converter = CacheTypeConverter.class)
    private Optional<CacheType> kvType = Optional.empty();

    @Option(
            names = "--encoder-cache",
            paramLabel = "SIZE",
            description =
                    "Memory for encoded pictures that may be shown again, 0 for none (default: 512MiB, or an eighth of a small machine's memory).",
            converter = ByteSizeConverter.class)
    private Optional<Long> encoderCache = Optional.empty();

    @Option(
            names = "--step-time",
            paramLabel = "SECONDS",
            converter = SecondsConverter.class,
            description =
                    "How long a step may take while somebody waits for its end: the longest pause of a stream (default: 1).")
    private Optional<Double> stepTime = Optional.empty();

    @Option(
            names = "--max-running",
            paramLabel = "N",
            description = "Answers that are computed at once; more wait (default: 32).")
    private Optional<Integer> maxRunning = Optional.empty();

    @Option(
            names = "--prefix-cache",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description =
                    "Compute what prompts begin with in common once (default: on; --no-prefix-cache).")
    private boolean prefixCache;

    @Option(
            names = "--speculation",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description =
                    "Guess tokens ahead from what was said before, where that is faster (default: on; --no-speculation).")
    private boolean speculation;

    @Override
    public String section() {
        return "batching";
    }

    @Override
    public void check() {
        in(ChatModelOptions.DEFAULT);
    }

    /// These options with what was asked for here.
    ///
    /// @throws ConfigException if a time or a number cannot be
    ChatModelOptions in(ChatModelOptions options) {
        Optional<Duration> time =
                stepTime.map(seconds -> Seconds.of("--step-time", seconds, MOST_STEP_SECONDS));
        if (maxRunning.isPresent() && maxRunning.get() < 1) {
            throw new ConfigException(
                    "--max-running is %d; want 1 or more".formatted(maxRunning.get()));
        }
        KvOptions kv = options.kv();
        KvOptions limited = kvMemory.map(kv::withMemory).orElse(kv);
        KvOptions typed = kvType.map(limited::withType).orElse(limited);
        MediaOptions media = options.media();
        return options.withKv(typed)
                .withMedia(encoderCache.map(media::withCacheBytes).orElse(media))
                .withEngine(engine -> in(engine, time));
    }

    private EngineOptions in(EngineOptions engine, Optional<Duration> time) {
        EngineOptions timed = time.map(engine::withStepTime).orElse(engine);
        EngineOptions bounded = maxRunning.map(timed::withMaxRunning).orElse(timed);
        return bounded.withPrefixes(prefixCache).withSpeculation(speculation);
    }
}
