package io.moonglass.runtime.media;

import io.moonglass.engine.RequestScope;
import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.OverloadedException;
import io.moonglass.runtime.Waiting;
import io.moonglass.runtime.admission.MemoryReserve;
import io.moonglass.runtime.fetch.MediaFetcher;
import io.moonglass.runtime.ocr.OpenPages;
import io.moonglass.runtime.ocr.PageWish;
import io.moonglass.tensor.ComputeTurns;
import io.moonglass.vision.VisionEncoder;
import io.moonglass.vision.image.ImagePreprocessor;
import io.moonglass.vision.worker.MediaWorkers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.IntUnaryOperator;

/// Turns media of requests into rows for the decoder, in two stages: [#take] is cheap and knows what they will cost,
/// [#encode] does the work. Safe to use from any thread.
public final class MediaIntake implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(MediaIntake.class.getName());

    private final MediaOptions options;
    private final MemoryReserve memory;
    private final MediaSources sources;
    private final MediaWorkers workers;
    private final MediaReader reader;
    private final VisionEncoder encoder;
    private final EncoderCache cache;
    private final MediaCounters counters = new MediaCounters();
    private final PictureQueue queue;

    /// @param numThreads     pictures that are decoded and fitted at the same time
    /// @param temporary      the folder in which files may be made
    /// @param maxVideoTokens of one video, whatever is asked for
    /// @param revision       stands for the weights and for what computes with them
    /// @param encoder        closed with this
    /// @param turns          taken while a picture is encoded, if the encoder can be interrupted
    public MediaIntake(
            MediaOptions options,
            int numThreads,
            Path temporary,
            int maxVideoTokens,
            PreprocessorConfig preprocessorConfig,
            Digest revision,
            VisionEncoder encoder,
            ComputeTurns turns) {
        this.options = options;
        this.memory = new MemoryReserve(options.memoryReserve());
        this.sources =
                new MediaSources(
                        new MediaFetcher(options.fetch()),
                        options.folder().map(LocalFolder::new),
                        new PrivateFolder(temporary));
        this.workers = new MediaWorkers(options.workers());
        ImagePreprocessor preprocessor = new ImagePreprocessor(preprocessorConfig);
        this.reader = new MediaReader(options, sources, workers, preprocessor, maxVideoTokens);
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

    /// Fetches media, all at the same time, and reads their containers and sizes.
    ///
    /// @param abandoned asked every few milliseconds
    /// @return one part for each, in order; the caller closes it when all are encoded or given up
    /// @throws InvalidRequestException if one of them is not to be had, is nothing that is taken in, too large or cut
    ///     short, or if they are too many pictures
    /// @throws OverloadedException     if memory is short
    /// @throws CancellationException   if nobody waits any more, or the thread is interrupted
    public TakenMedia take(List<PlacedMedia> media, BooleanSupplier abandoned) {
        refuseTooMany(media, _ -> 1);
        refuseTooManyAddresses(media);
        if (!media.isEmpty()) {
            memory.refuseIfShort(cache::flush);
        }
        Taking taking = new Taking(abandoned);
        boolean isTaken = false;
        try {
            List<TakenPart> parts = taking.all(media);
            refuseTooMany(media, index -> parts.get(index).images().size());
            isTaken = true;
            return new TakenMedia(parts, taking::close);
        } finally {
            if (!isTaken) {
                taking.close();
            }
        }
    }

    /// Opens a picture or document to be read page by page, each page as tiles that fit the encoder.
    ///
    /// @param abandoned asked now and then: whether nobody waits any more
    /// @return the caller's to close, when the last tile is encoded
    /// @throws InvalidRequestException if it is neither, or a wanted page is not there
    public OpenPages openPages(ContentPart.File file, PageWish wish, BooleanSupplier abandoned) {
        memory.refuseIfShort(cache::flush);
        Taking taking = new Taking(abandoned);
        boolean isOpen = false;
        try {
            OpenPages pages = reader.pages(file, wish, taking, taking::close);
            isOpen = true;
            return pages;
        } finally {
            if (!isOpen) {
                taking.close();
            }
        }
    }

    /// Names the one with which they become too many.
    private void refuseTooMany(List<PlacedMedia> media, IntUnaryOperator numImages) {
        long sum = 0;
        for (int i = 0; i < media.size(); i++) {
            sum += numImages.applyAsInt(i);
            if (sum > options.maxImages()) {
                throw tooMany(
                        media.get(i),
                        "with it the request holds %,d pictures, pages and frames".formatted(sum));
            }
        }
    }

    /// Lists of frames are long, and only some of their frames are shown; but all would be fetched.
    private void refuseTooManyAddresses(List<PlacedMedia> media) {
        long sum = 0;
        for (PlacedMedia one : media) {
            sum +=
                    switch (one.part()) {
                        case ContentPart.Frames frames ->
                                frames.frames().stream()
                                        .filter(frame -> MediaSources.isElsewhere(frame.source()))
                                        .count();
                        case ContentPart.Picture _, ContentPart.Video _, ContentPart.File _ -> 1;
                    };
            if (sum > options.maxImages()) {
                throw tooMany(
                        one,
                        "with it the request names %,d addresses and files to be read"
                                .formatted(sum));
            }
        }
    }

    private InvalidRequestException tooMany(PlacedMedia last, String what) {
        return new InvalidRequestException(
                        InvalidRequestException.Kind.MEDIA_TOO_LARGE,
                        null,
                        "%s; the limit is %,d; send fewer".formatted(what, options.maxImages()))
                .at(last.where());
    }

    /// The media of one request while they are taken, and the files that they leave.
    private final class Taking implements MediaTaker, AutoCloseable {

        private final BooleanSupplier abandoned;
        private final List<AutoCloseable> files = new ArrayList<>();
        private boolean closed;

        Taking(BooleanSupplier abandoned) {
            this.abandoned = abandoned;
        }

        /// The first fault of the request's order is the one that is told.
        List<TakenPart> all(List<PlacedMedia> media) {
            return Waiting.awaitAll(
                    media.stream()
                            .<Callable<TakenPart>>map(one -> () -> reader.read(one, this))
                            .toList(),
                    abandoned);
        }

        @Override
        public boolean isOver() {
            synchronized (this) {
                if (closed) {
                    return true;
                }
            }
            return abandoned.getAsBoolean();
        }

        /// What comes too late is not kept.
        @Override
        public void keep(AutoCloseable file) {
            synchronized (this) {
                if (!closed) {
                    files.add(file);
                    return;
                }
            }
            MediaIntake.close(file);
        }

        @Override
        public void close() {
            List<AutoCloseable> open;
            synchronized (this) {
                closed = true;
                open = List.copyOf(files);
                files.clear();
            }
            open.reversed().forEach(MediaIntake::close);
        }
    }

    private static void close(AutoCloseable file) {
        try {
            file.close();
        } catch (Exception e) {
            LOG.log(System.Logger.Level.WARNING, "a media file could not be closed", e);
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

    /// Drops the rows of pictures that nobody uses.
    ///
    /// @return their bytes
    public long flushCache() {
        return cache.flush();
    }

    /// Drops the rows of pictures that nobody uses if memory is short; to be called now and then.
    public void giveBackMemory() {
        if (memory.isShort()) {
            cache.flush();
        }
    }

    /// What was done until now.
    public MediaStatistics statistics() {
        return new MediaStatistics(
                counters.decodedPictures.sum(),
                counters.decodeNanos.sum() * 1e-9,
                counters.fitNanos.sum() * 1e-9,
                counters.encodedPictures.sum(),
                counters.encodedPixels.sum(),
                counters.encodeNanos.sum() * 1e-9,
                counters.cacheQueries.sum(),
                counters.cacheHits.sum(),
                cache.bytes(),
                counters.cancelledDecoding.sum(),
                counters.cancelledEncoding.sum(),
                counters.pixelsPerSecond(),
                sources.fetches(),
                workers.statistics());
    }

    /// Gives up what is in work, and frees all rows but those in use.
    @Override
    public void close() {
        queue.close();
        workers.close();
        sources.close();
        cache.close();
        encoder.close();
    }

    /// Pixels of pictures that are decoded or wait for the encoder.
    long pixelsInWork() {
        return queue.pixelsInWork();
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
