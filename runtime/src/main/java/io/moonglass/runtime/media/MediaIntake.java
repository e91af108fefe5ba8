package io.moonglass.runtime.media;

import io.moonglass.engine.RequestScope;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.Waiting;
import io.moonglass.tensor.ComputeTurns;
import io.moonglass.vision.VisionEncoder;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.ImageLimits;
import io.moonglass.vision.image.ImagePreprocessor;
import io.moonglass.vision.image.PictureStyle;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// Turns pictures of requests into rows for the decoder, in two stages: [#read] is cheap and knows
/// what a picture will cost, [#encode] does the work. Safe to use from any thread.
public final class MediaIntake implements AutoCloseable {

    private final ImageLimits limits;
    private final PictureStyle pictureStyle;
    private final ImagePreprocessor preprocessor;
    private final VisionEncoder encoder;
    private final EncoderCache cache;
    private final MediaCounters counters = new MediaCounters();
    private final PictureQueue queue;

    /// @param numThreads pictures that are decoded and fitted at the same time
    /// @param revision stands for the weights and for what computes with them
    /// @param encoder  closed with this
    /// @param turns    taken while a picture is encoded, if the encoder can be interrupted
    public MediaIntake(
            MediaOptions options,
            int numThreads,
            PreprocessorConfig preprocessorConfig,
            Digest revision,
            VisionEncoder encoder,
            ComputeTurns turns) {
        this.limits = options.limits();
        this.pictureStyle = options.pictureStyle();
        this.preprocessor = new ImagePreprocessor(preprocessorConfig);
        this.encoder = encoder;
        this.cache = new EncoderCache(options.cacheBytes());
        this.queue =
                new PictureQueue(
                        options.maxPixelsInWork(),
                        numThreads,
                        options.jpegDecoding(),
                        preprocessor,
                        new PictureDigests(preprocessorConfig, revision),
                        encoder,
                        turns,
                        cache,
                        counters);
    }

    /// Reads a picture's container and size.
    ///
    /// @param url       a `data:` address
    /// @param maxPixels what it is shrunk to if it has more; empty for the model's own limit
    /// @param where     of the part in its request, for messages
    /// @throws InvalidRequestException if it is no picture, too large or cut short
    public ImageInput read(String url, OptionalLong maxPixels, String where) {
        try {
            return input(DataUri.decode(url, limits.maxBytes()), maxPixels, where);
        } catch (InvalidRequestException e) {
            throw e.at(where);
        }
    }

    /// The same for bytes that the caller holds.
    public ImageInput read(byte[] bytes, OptionalLong maxPixels, String where) {
        try {
            return input(bytes, maxPixels, where);
        } catch (InvalidRequestException e) {
            throw e.at(where);
        }
    }

    /// Rows of pictures, in order: out of the cache, or decoded, fitted and encoded beside the pictures
    /// of other requests. Waits for all of them.
    ///
    /// @param scope     whose pictures they are: rows are shared within a tenant and salt, and lower
    ///                  priorities go first
    /// @param abandoned asked every few milliseconds
    /// @param progress  told on this thread when more of them are decoded or encoded
    /// @return one for each picture; the caller closes them
    /// @throws InvalidRequestException if a picture's pixels are damaged
    /// @throws CancellationException   if nobody waits for the result any more, the thread is
    ///     interrupted or this is closed meanwhile
    /// @throws IllegalStateException   if the encoder fails, or this is closed
    public List<ImageRows> encode(
            List<ImageInput> images,
            RequestScope scope,
            BooleanSupplier abandoned,
            Consumer<PictureProgress> progress) {
        if (images.isEmpty()) {
            return List.of();
        }
        PictureRequest request = queue.submit(images, scope);
        boolean taken = false;
        try {
            List<ImageRows> rows = await(request, abandoned, progress);
            taken = true;
            return rows;
        } finally {
            if (!taken) {
                queue.withdraw(request);
            }
        }
    }

    /// What was done until now.
    public MediaStatistics statistics() {
        return new MediaStatistics(
                counters.encodedPictures.sum(),
                counters.encodedPixels.sum(),
                counters.cacheQueries.sum(),
                counters.cacheHits.sum(),
                cache.bytes(),
                counters.cancelledDecoding.sum(),
                counters.cancelledEncoding.sum(),
                counters.pixelsPerSecond());
    }

    /// Gives up what is in work, and frees all rows but those in use.
    @Override
    public void close() {
        queue.close();
        cache.close();
        encoder.close();
    }

    /// Pixels of pictures that are decoded or wait for the encoder.
    long pixelsInWork() {
        return queue.pixelsInWork();
    }

    private ImageInput input(byte[] bytes, OptionalLong maxPixels, String where) {
        EncodedPicture picture = EncodedPicture.of(bytes, limits, pictureStyle);
        return new ImageInput(
                where,
                picture,
                PictureDigests.ofBytes(bytes),
                preprocessor.fittedSize(picture.width(), picture.height(), maxPixels));
    }

    private List<ImageRows> await(
            PictureRequest request, BooleanSupplier abandoned, Consumer<PictureProgress> progress) {
        List<ImageRows> rows =
                Waiting.await(request.ended(), abandoned, telling(request, progress));
        progress.accept(new PictureProgress(rows.size(), rows.size()));
        return rows;
    }

    /// Tells how far a request is, where that has changed since it was last run.
    private Runnable telling(PictureRequest request, Consumer<PictureProgress> progress) {
        return new Runnable() {
            private PictureProgress told = PictureProgress.NONE;

            @Override
            public void run() {
                PictureProgress reached = queue.progress(request);
                if (!reached.equals(told)) {
                    progress.accept(reached);
                    told = reached;
                }
            }
        };
    }
}
