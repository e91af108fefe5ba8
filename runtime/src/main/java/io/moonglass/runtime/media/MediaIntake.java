package io.moonglass.runtime.media;

import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.vision.ImagePatches;
import io.moonglass.vision.VisionEncoder;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.ImageDecoder;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.ImagePreprocessor;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;

/// Turns pictures of requests into rows for the decoder, in two stages: [#read] is cheap and knows
/// what a picture will cost, [#encode] does the work. Safe to use from any thread.
public final class MediaIntake implements AutoCloseable {

    private final ImageLimits limits;
    private final ImageDecoder decoder;
    private final ImagePreprocessor preprocessor;
    private final VisionEncoder encoder;
    private final int hiddenSize;
    // Pictures that are decoded or wait for the encoder: each may hold hundreds of megabytes.
    private final Semaphore inWork;
    // One picture at a time, because the encoder has all cores anyway; and on a platform thread,
    // because it would pin a virtual one.
    private final ExecutorService encoding =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("moonglass-encoder").factory());

    /// @param maxInWork pictures that are worked on at the same time; more wait
    /// @param encoder   closed with this
    public MediaIntake(
            ImageLimits limits,
            int maxInWork,
            PreprocessorConfig preprocessorConfig,
            ModelConfig modelConfig,
            VisionEncoder encoder) {
        this.limits = limits;
        this.decoder = new ImageDecoder(limits, maxInWork);
        this.preprocessor = new ImagePreprocessor(preprocessorConfig);
        this.hiddenSize = modelConfig.text().hiddenSize();
        this.encoder = encoder;
        this.inWork = new Semaphore(maxInWork, true);
    }

    /// Reads a picture's container and size.
    ///
    /// @param url   a `data:` address
    /// @param where of the part in its request, for messages
    /// @throws InvalidRequestException if it is no picture, too large or cut short
    public ImageInput read(String url, String where) {
        try {
            return input(DataUri.decode(url, limits.maxBytes()), where);
        } catch (InvalidRequestException e) {
            throw e.at(where);
        }
    }

    /// The same for bytes that the caller holds.
    public ImageInput read(byte[] bytes, String where) {
        try {
            return input(bytes, where);
        } catch (InvalidRequestException e) {
            throw e.at(where);
        }
    }

    /// Decodes, preprocesses and encodes pictures, one after another.
    ///
    /// @param abandoned asked before every picture
    /// @return the rows of all, which the caller closes
    /// @throws InvalidRequestException if a picture's pixels are damaged
    /// @throws CancellationException   if nobody waits for the result any more
    public ImageRows encode(List<ImageInput> images, BooleanSupplier abandoned) {
        ImageRows rows =
                new ImageRows(images.stream().mapToInt(ImageInput::numTokens).sum(), hiddenSize);
        try {
            int row = 0;
            for (ImageInput image : images) {
                if (abandoned.getAsBoolean()) {
                    throw new CancellationException("the request was abandoned");
                }
                encode(image, rows.matrix().rows(row, image.numTokens()));
                row += image.numTokens();
            }
            return rows;
        } catch (RuntimeException | Error e) {
            rows.close();
            throw e;
        }
    }

    @Override
    public void close() {
        encoding.close();
        decoder.close();
        encoder.close();
    }

    private ImageInput input(byte[] bytes, String where) {
        EncodedPicture picture = decoder.read(bytes);
        int numTokens = preprocessor.fittedSize(picture.width(), picture.height()).numTokens();
        return new ImageInput(where, picture, numTokens);
    }

    private void encode(ImageInput image, FloatMatrix rows) {
        inWork.acquireUninterruptibly();
        try {
            ImagePatches patches = preprocessor.preprocess(decoder.decode(image.picture()));
            CompletableFuture.runAsync(() -> encode(patches, rows), encoding).join();
        } catch (InvalidRequestException e) {
            throw e.at(image.where());
        } catch (CompletionException e) {
            throw new IllegalStateException("the vision encoder failed", e.getCause());
        } finally {
            inWork.release();
        }
    }

    private void encode(ImagePatches patches, FloatMatrix rows) {
        try (Arena arena = Arena.ofConfined()) {
            rows.copyFrom(encoder.encode(patches, arena));
        }
    }
}
