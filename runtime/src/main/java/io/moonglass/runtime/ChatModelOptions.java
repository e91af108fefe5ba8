package io.moonglass.runtime;

import io.moonglass.engine.CacheType;
import io.moonglass.engine.EngineOptions;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.vision.VisionBackend;
import io.moonglass.vision.image.ImageLimits;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;

/// How a [LocalChatModel] is set up.
///
/// @param name          what requests call it; empty for the folder's name
/// @param numThreads    threads that compute
/// @param kvMemory      bytes for keys and values of tokens; empty for half of what is available
///                      beside the weights
/// @param kvType        what they are kept in; empty for floats where no weight is quantised, and for
///                      bfloat16 where some are
/// @param engine        what to change of the engine's defaults
/// @param imageLimits   the largest pictures that are taken in
/// @param maxImages     the most pictures of one request
/// @param vision        what pictures are encoded with
/// @param workDirectory where files are written that a model needs to run; created if missing
public record ChatModelOptions(
        Optional<String> name,
        int numThreads,
        OptionalLong kvMemory,
        Optional<CacheType> kvType,
        UnaryOperator<EngineOptions> engine,
        ImageLimits imageLimits,
        int maxImages,
        VisionBackend vision,
        Path workDirectory) {

    public static final ChatModelOptions DEFAULT =
            new ChatModelOptions(
                    Optional.empty(),
                    Runtime.getRuntime().availableProcessors(),
                    OptionalLong.empty(),
                    Optional.empty(),
                    UnaryOperator.identity(),
                    ImageLimits.DEFAULT,
                    128,
                    VisionBackend.NATIVE,
                    Path.of(System.getProperty("java.io.tmpdir")));

    public ChatModelOptions {
        if (numThreads < 1 || maxImages < 0) {
            throw new ConfigException(
                    "threads %d, images per request %d; want at least 1 thread and 0 images"
                            .formatted(numThreads, maxImages));
        }
    }

    public ChatModelOptions withName(String value) {
        return new ChatModelOptions(
                Optional.of(value),
                numThreads,
                kvMemory,
                kvType,
                engine,
                imageLimits,
                maxImages,
                vision,
                workDirectory);
    }

    public ChatModelOptions withNumThreads(int value) {
        return new ChatModelOptions(
                name,
                value,
                kvMemory,
                kvType,
                engine,
                imageLimits,
                maxImages,
                vision,
                workDirectory);
    }

    public ChatModelOptions withVision(VisionBackend value) {
        return new ChatModelOptions(
                name,
                numThreads,
                kvMemory,
                kvType,
                engine,
                imageLimits,
                maxImages,
                value,
                workDirectory);
    }

    public ChatModelOptions withKvMemory(long value) {
        return new ChatModelOptions(
                name,
                numThreads,
                OptionalLong.of(value),
                kvType,
                engine,
                imageLimits,
                maxImages,
                vision,
                workDirectory);
    }

    public ChatModelOptions withKvType(CacheType value) {
        return new ChatModelOptions(
                name,
                numThreads,
                kvMemory,
                Optional.of(value),
                engine,
                imageLimits,
                maxImages,
                vision,
                workDirectory);
    }

    /// Changes the engine's limits further.
    public ChatModelOptions withEngine(UnaryOperator<EngineOptions> change) {
        return new ChatModelOptions(
                name,
                numThreads,
                kvMemory,
                kvType,
                limits -> change.apply(engine.apply(limits)),
                imageLimits,
                maxImages,
                vision,
                workDirectory);
    }
}
