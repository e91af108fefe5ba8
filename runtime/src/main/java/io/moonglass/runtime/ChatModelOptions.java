package io.moonglass.runtime;

import io.moonglass.engine.EngineOptions;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.tensor.MachineMemory;
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
/// @param encoderCacheBytes the most bytes of encoded pictures that are kept for requests that show them
///                      again; 0 for none
/// @param maxPixelsInWork the most pixels of all requests that are decoded or wait for the encoder at a
///                      time; a larger picture passes alone
public record ChatModelOptions(
        Optional<String> name,
        int numThreads,
        Optional<EngineOptions> engine,
        ImageLimits imageLimits,
        int maxImages,
        VisionBackend vision,
        Path workDirectory,
        long encoderCacheBytes,
        long maxPixelsInWork) {

    private static final long MOST_DEFAULT_CACHE_BYTES = 512L << 20;

    public static final ChatModelOptions DEFAULT =
            new ChatModelOptions(
                    Optional.empty(),
                    Runtime.getRuntime().availableProcessors(),
                    Optional.empty(),
                    ImageLimits.DEFAULT,
                    128,
                    VisionBackend.NATIVE,
                    Path.of(System.getProperty("java.io.tmpdir")),
                    Math.min(MOST_DEFAULT_CACHE_BYTES, MachineMemory.bytes() / 8),
                    32_000_000);

    public ChatModelOptions {
        if (numThreads < 1 || maxImages < 0) {
            throw new ConfigException(
                    "threads %d, images per request %d; want at least 1 thread and 0 images"
                            .formatted(numThreads, maxImages));
        }
        if (encoderCacheBytes < 0 || maxPixelsInWork < 1) {
            throw new ConfigException(
                    "encoder cache of %d bytes, %d pixels in work; want at least 0 bytes and 1 pixel"
                            .formatted(encoderCacheBytes, maxPixelsInWork));
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
                encoderCacheBytes,
                maxPixelsInWork);
    }

    public ChatModelOptions withNumThreads(int value) {
        return new ChatModelOptions(
                name,
                value,
                engine,
                imageLimits,
                maxImages,
                vision,
                workDirectory,
                encoderCacheBytes,
                maxPixelsInWork);
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
                encoderCacheBytes,
                maxPixelsInWork);
    }

    public ChatModelOptions withEncoderCacheBytes(long value) {
        return new ChatModelOptions(
                name,
                numThreads,
                engine,
                imageLimits,
                maxImages,
                vision,
                workDirectory,
                value,
                maxPixelsInWork);
    }

    public ChatModelOptions withMaxPixelsInWork(long value) {
        return new ChatModelOptions(
                name,
                numThreads,
                engine,
                imageLimits,
                maxImages,
                vision,
                workDirectory,
                encoderCacheBytes,
                value);
    }
}
