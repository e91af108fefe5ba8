package io.moonglass.runtime.media;

import io.moonglass.engine.RequestScope;
import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.Stage;
import io.moonglass.runtime.ocr.BlankTileException;
import io.moonglass.tensor.ComputeTurns;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.vision.ImagePatches;
import io.moonglass.vision.TurnPace;
import io.moonglass.vision.VisionEncoder;
import io.moonglass.vision.image.ImagePreprocessor;
import io.moonglass.vision.image.JpegDecoding;
import io.moonglass.vision.image.Picture;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The pictures of all requests on their way to rows: decoded and fitted by a few threads, as many
/// pixels at a time as the budget holds; encoded one after another, because a picture has all cores
/// anyway; a picture that several wait for once. In both stages [FairOrder] says which is next.
///
/// The threads are platform threads, because native code would pin virtual ones. One lock guards
/// everything but the work itself. Safe to use from any thread.
final class PictureQueue implements AutoCloseable {

    private static final System.Logger LOG = System.getLogger(PictureQueue.class.getName());

    private final JpegDecoding jpegDecoding;
    private final ImagePreprocessor preprocessor;
    private final PictureDigests digests;
    private final VisionEncoder encoder;
    private final ComputeTurns turns;
    private final EncoderCache cache;
    private final MediaCounters counters;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition mayDecode = lock.newCondition();
    private final Condition mayEncode = lock.newCondition();
    private final PixelBudget budget;
    private final FairOrder decodingOrder = new FairOrder();
    private final FairOrder encodingOrder = new FairOrder();
    private final List<PictureRequest> requests = new ArrayList<>();
    private final Map<Digest, PictureJob> jobs = new HashMap<>();
    private final List<PictureJob> ready = new ArrayList<>();
    private final Set<Object> busyDecoders = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<Thread> threads = new ArrayList<>();
    private boolean closed;

    /// @param maxPixels  that are decoded or wait for the encoder
    /// @param numThreads pictures that are decoded and fitted at the same time; and as many more that others decode, whom
    ///                   to wait for must hold up no other picture
    PictureQueue(
            long maxPixels,
            int numThreads,
            JpegDecoding jpegDecoding,
            ImagePreprocessor preprocessor,
            PictureDigests digests,
            VisionEncoder encoder,
            ComputeTurns turns,
            EncoderCache cache,
            MediaCounters counters) {
        this.jpegDecoding = jpegDecoding;
        this.preprocessor = preprocessor;
        this.digests = digests;
        this.encoder = encoder;
        this.turns = turns;
        this.cache = cache;
        this.counters = counters;
        this.budget = new PixelBudget(maxPixels);
        for (int i = 0; i < numThreads; i++) {
            start("moonglass-pictures-" + i, () -> decodeUntilClosed(false));
            start("moonglass-frames-" + i, () -> decodeUntilClosed(true));
        }
        start("moonglass-encoder", this::encodeUntilClosed);
    }

    private void start(String name, Runnable work) {
        threads.add(Thread.ofPlatform().daemon().name(name).start(work));
    }

    /// Puts pictures in; [PictureRequest#ended()] tells what becomes of them. Whoever does not take the
    /// rows from there calls [#withdraw].
    ///
    /// @throws IllegalStateException if the queue is closed
    PictureRequest submit(List<ImageInput> images, RequestScope scope, RequestTimeline timeline) {
        lock.lock();
        try {
            if (closed) {
                throw new IllegalStateException("the model is closed");
            }
            PictureRequest request =
                    new PictureRequest(
                            scope,
                            timeline,
                            images,
                            decodingOrder.join(scope),
                            encodingOrder.join(scope),
                            budget.open());
            requests.add(request);
            request.waiting().removeIf(this::joinKnown);
            mayDecode.signalAll();
            return request;
        } finally {
            lock.unlock();
        }
    }

    /// Gives a request up: what only it waits for is stopped, and rows that it has go back.
    void withdraw(PictureRequest request) {
        lock.lock();
        try {
            if (request.ended().isDone()) {
                if (!request.ended().isCompletedExceptionally()) {
                    request.ended().join().forEach(ImageRows::close);
                }
                return;
            }
            for (PictureTicket ticket : request.tickets()) {
                switch (ticket.stage()) {
                    case PictureTicket.Stage.Waiting _, PictureTicket.Stage.Decoding _ ->
                            counters.cancelledDecoding.increment();
                    case PictureTicket.Stage.Encoding _ -> counters.cancelledEncoding.increment();
                    case PictureTicket.Stage.Done _ -> {}
                }
            }
            end(request, new CancellationException("the request was abandoned"));
        } finally {
            lock.unlock();
        }
    }

    PictureProgress progress(PictureRequest request) {
        lock.lock();
        try {
            return request.progress();
        } finally {
            lock.unlock();
        }
    }

    /// Pictures of all requests that have no rows yet.
    int numPending() {
        lock.lock();
        try {
            return requests.stream().mapToInt(PictureRequest::numPending).sum();
        } finally {
            lock.unlock();
        }
    }

    /// Pixels that are decoded or wait for the encoder.
    long pixelsInWork() {
        lock.lock();
        try {
            return budget.taken();
        } finally {
            lock.unlock();
        }
    }

    /// Gives all requests up and waits for the threads; does nothing the second time.
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            for (PictureRequest request : List.copyOf(requests)) {
                end(request, new CancellationException("the model was closed"));
            }
            mayDecode.signalAll();
            mayEncode.signalAll();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// @param byOthers whether pictures with a decoder of their own are taken, or those without one
    private void decodeUntilClosed(boolean byOthers) {
        for (PictureTicket ticket; (ticket = nextToDecode(byOthers)) != null; ) {
            decode(ticket);
        }
    }

    private void encodeUntilClosed() {
        for (PictureJob job; (job = nextToEncode()) != null; ) {
            encode(job);
        }
    }

    /// Waits for a picture that there is room for; null once the queue is closed.
    private PictureTicket nextToDecode(boolean byOthers) {
        lock.lock();
        try {
            while (!closed) {
                Optional<PictureTicket> ticket = chooseToDecode(byOthers);
                if (ticket.isPresent()) {
                    return ticket.get();
                }
                mayDecode.awaitUninterruptibly();
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    /// What does not fit waits for all that is in work, and those behind it too: else a large picture
    /// would never see enough room.
    private Optional<PictureTicket> chooseToDecode(boolean byOthers) {
        List<PictureRequest> inOrder =
                requests.stream().sorted(Comparator.comparing(PictureRequest::decoding)).toList();
        for (PictureRequest request : inOrder) {
            request.waiting().removeIf(this::joinKnown);
            if (request.waiting().isEmpty()) {
                continue;
            }
            PictureTicket ticket = request.waiting().getFirst();
            long numPixels = ticket.image().pixelsInWork();
            Optional<Object> decoder = ticket.image().picture().decoder();
            boolean isBusy = decoder.filter(busyDecoders::contains).isPresent();
            if (isBusy || !request.pixels().hasRoom(numPixels)) {
                continue; // it has its part already, and holds up nobody
            }
            if (!budget.hasRoom(numPixels)) {
                return Optional.empty();
            }
            if (decoder.isPresent() != byOthers) {
                continue; // another thread's
            }
            request.waiting().removeFirst();
            request.pixels().take(numPixels);
            request.decoding().served();
            ticket.reach(new PictureTicket.Stage.Decoding());
            decoder.ifPresent(busyDecoders::add);
            return Optional.of(ticket);
        }
        return Optional.empty();
    }

    /// From bytes to patches, unless the pixels turn out to be known.
    private void decode(PictureTicket ticket) {
        ImageInput image = ticket.image();
        PictureRequest request = ticket.request();
        try {
            Picture picture = decode(image, request.timeline());
            Optional<PictureJob> job =
                    request.ended().isDone()
                            ? Optional.empty()
                            : jobFor(ticket, digests.of(image, picture, request.scope()));
            if (job.isPresent()) {
                prepare(job.get(), picture, ticket);
            } else {
                give(request.pixels(), image.pixelsInWork());
            }
        } catch (RuntimeException | Error e) {
            give(request.pixels(), image.pixelsInWork());
            fail(List.of(ticket), e);
        }
    }

    private Picture decode(ImageInput image, RequestTimeline timeline) {
        long begin = System.nanoTime();
        try (RequestTimeline.Work _ = timeline.begin(Stage.DECODE)) {
            return image.picture()
                    .decode(jpegDecoding, image.size().shrunkWidth(), image.size().shrunkHeight());
        } finally {
            counters.decodedPictures.increment();
            counters.decodeNanos.add(System.nanoTime() - begin);
            image.picture().decoder().ifPresent(this::isFree);
        }
    }

    private void isFree(Object decoder) {
        lock.lock();
        try {
            busyDecoders.remove(decoder);
            mayDecode.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void prepare(PictureJob job, Picture picture, PictureTicket ticket) {
        ImageInput image = ticket.image();
        try {
            ImagePatches patches = fit(picture, ticket);
            lock.lock();
            try {
                long held = job.isAbandoned() ? 0 : job.fittedPixels();
                give(job.pixels(), image.pixelsInWork() - held);
                if (held > 0) {
                    job.prepared(patches);
                    ready.add(job);
                    mayEncode.signal();
                }
            } finally {
                lock.unlock();
            }
        } catch (RuntimeException | Error e) {
            give(job.pixels(), image.pixelsInWork());
            fail(job, e);
        }
    }

    private ImagePatches fit(Picture picture, PictureTicket ticket) {
        long begin = System.nanoTime();
        try (RequestTimeline.Work _ = ticket.request().timeline().begin(Stage.RESIZE)) {
            return preprocessor.preprocess(picture, ticket.image().size());
        } finally {
            counters.fitNanos.add(System.nanoTime() - begin);
        }
    }

    /// A job for a picture that was decoded; empty if nobody wants it, or it is there or on its way.
    private Optional<PictureJob> jobFor(PictureTicket ticket, Digest content) {
        lock.lock();
        try {
            if (ticket.request().ended().isDone() || join(ticket, content)) {
                return Optional.empty();
            }
            counters.cacheQueries.increment();
            PictureJob job = new PictureJob(content, ticket);
            jobs.put(content, job);
            waitFor(ticket, job);
            return Optional.of(job);
        } finally {
            lock.unlock();
        }
    }

    /// Whether a picture's bytes came before and its rows are there or on their way.
    private boolean joinKnown(PictureTicket ticket) {
        return digests.find(ticket.image(), ticket.request().scope())
                .map(content -> join(ticket, content))
                .orElse(false);
    }

    private boolean join(PictureTicket ticket, Digest content) {
        Optional<ImageRows> rows = cache.find(content);
        Optional<PictureJob> job = Optional.ofNullable(jobs.get(content));
        if (rows.isEmpty() && job.isEmpty()) {
            return false;
        }
        counters.cacheQueries.increment();
        counters.cacheHits.increment();
        rows.ifPresentOrElse(found -> finish(ticket, found), () -> waitFor(ticket, job.get()));
        return true;
    }

    private static void waitFor(PictureTicket ticket, PictureJob job) {
        job.add(ticket);
        ticket.reach(new PictureTicket.Stage.Encoding(job));
    }

    /// Waits for a picture that is ready; null once the queue is closed.
    private PictureJob nextToEncode() {
        lock.lock();
        try {
            while (!closed) {
                Optional<PictureJob> next =
                        ready.stream().min(Comparator.comparing(PictureJob::place));
                if (next.isPresent()) {
                    ready.remove(next.get());
                    next.get().begin();
                    return next.get();
                }
                mayEncode.awaitUninterruptibly();
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private void encode(PictureJob job) {
        Arena arena = Arena.ofShared();
        boolean kept = false;
        try {
            long begin = System.nanoTime();
            FloatMatrix rows = encodeInTurns(job, arena);
            kept = encoded(job, arena, rows, System.nanoTime() - begin);
        } catch (CancellationException e) {
            LOG.log(System.Logger.Level.DEBUG, "a picture that nobody waits for was given up");
        } catch (RuntimeException | Error e) {
            fail(job, e);
        } finally {
            if (!kept) {
                arena.close();
            }
            give(job.pixels(), job.fittedPixels());
        }
    }

    private FloatMatrix encodeInTurns(PictureJob job, Arena arena) {
        try (TurnPace pace = new TurnPace(turns, job::isAbandoned)) {
            return encoder.encode(job.patches(), pace, arena);
        }
    }

    /// @return whether the rows are kept
    private boolean encoded(PictureJob job, Arena arena, FloatMatrix rows, long nanos) {
        lock.lock();
        try {
            counters.encoded(job.fittedPixels(), nanos);
            if (job.isAbandoned()) {
                return false;
            }
            jobs.remove(job.content());
            try (ImageRows first = cache.add(job.content(), arena, rows)) {
                for (PictureTicket ticket : job.tickets()) {
                    ticket.request().encoding().served();
                    finish(ticket, cache.find(first.content()).orElseThrow());
                }
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void finish(PictureTicket ticket, ImageRows rows) {
        PictureRequest request = ticket.request();
        ticket.reach(new PictureTicket.Stage.Done(rows));
        request.allRows()
                .ifPresent(all -> {
                    leave(request);
                    request.ended().complete(all);
                });
    }

    private void fail(PictureJob job, Throwable fault) {
        lock.lock();
        try {
            fail(List.copyOf(job.tickets()), fault);
        } finally {
            lock.unlock();
        }
    }

    /// Each request hears of it in its own words.
    private void fail(List<PictureTicket> tickets, Throwable fault) {
        lock.lock();
        try {
            for (PictureTicket ticket : tickets) {
                String where = ticket.image().where();
                end(
                        ticket.request(),
                        switch (fault) {
                            case InvalidRequestException refused -> refused.at(where);
                            case BlankTileException blank -> blank;
                            case CancellationException abandoned -> abandoned;
                            default ->
                                    new IllegalStateException(
                                            where + ": the picture could not be encoded", fault);
                        });
            }
        } finally {
            lock.unlock();
        }
    }

    /// Ends a request that has not all its rows.
    private void end(PictureRequest request, RuntimeException why) {
        if (request.ended().isDone()) {
            return;
        }
        leave(request);
        for (PictureTicket ticket : request.tickets()) {
            switch (ticket.stage()) {
                // a thread that decodes sees that the request has ended
                case PictureTicket.Stage.Waiting _, PictureTicket.Stage.Decoding _ -> {}
                case PictureTicket.Stage.Encoding(PictureJob job) -> leave(job, ticket);
                case PictureTicket.Stage.Done(ImageRows rows) -> rows.close();
            }
        }
        request.ended().completeExceptionally(why);
    }

    private void leave(PictureRequest request) {
        requests.remove(request);
        request.decoding().leave();
        request.encoding().leave();
    }

    /// A job that nobody waits for any more is forgotten; who comes later starts anew.
    private void leave(PictureJob job, PictureTicket ticket) {
        ticket.endEncoding();
        job.tickets().remove(ticket);
        if (job.tickets().isEmpty()) {
            job.abandon();
            jobs.remove(job.content());
            if (ready.remove(job)) {
                give(job.pixels(), job.fittedPixels());
            }
        }
    }

    private void give(PixelBudget.Account pixels, long numPixels) {
        lock.lock();
        try {
            pixels.give(numPixels);
            mayDecode.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
