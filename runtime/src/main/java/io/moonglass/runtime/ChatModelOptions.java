package io.moonglass.runtime;

import io.moonglass.engine.EngineOptions;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.runtime.admission.QueueLimits;
import io.moonglass.vision.VisionBackend;
import io.moonglass.vision.image.ImageLimits;
import java.nio.file.Path;
import java.util.Optional;

/// How a [LocalChatModel] is set up.
///
/// @param name          what requests call it; empty for the folder's name
/// @param numThreads    threads that compute
/// @param engine        the engine's limits; empty for its defaults, with a cache of floats where no
///                      weight is quantised and of bfloat16 where some are
/// @param imageLimits   the largest pictures that are taken in
/// @param maxImages     the most pictures of one request
/// @param vision        what pictures are encoded with
/// @param workDirectory where files are written that a model needs to run; created if missing
/// @param queueLimits   how much may wait before a request is refused
public record ChatModelOptions(
        Optional<String> name,
        int numThreads,
        Optional<EngineOptions> engine,
        ImageLimits imageLimits,
        int maxImages,
        VisionBackend vision,
        Path workDirectory,
        QueueLimits queueLimits) {

    public static final ChatModelOptions DEFAULT =
            new ChatModelOptions(
                    Optional.empty(),
                    Runtime.getRuntime().availableProcessors(),
                    Optional.empty(),
                    ImageLimits.DEFAULT,
                    128,
                    VisionBackend.NATIVE,
                    Path.of(System.getProperty("java.io.tmpdir")),
                    QueueLimits.DEFAULT);

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
                engine,
                imageLimits,
                maxImages,
                vision,
                workDirectory,
                queueLimits);
    }

    public ChatModelOptions withNumThreads(int value) {
        return new ChatModelOptions(
                name, value, engine, imageLimits, maxImages, vision, workDirectory, queueLimits);
    }

    public ChatModelOptions withVision(VisionBackend value) {
        return new ChatModelOptions(
                name,
                numThreads,
                engine,
                imageLimits,
                maxImages,
                value,
                workDirectory,
                queueLimits);
    }

    public ChatModelOptions withQueueLimits(QueueLimits value) {
        return new ChatModelOptions(
                name, numThreads, engine, imageLimits, maxImages, vision, workDirectory, value);
    }
}
