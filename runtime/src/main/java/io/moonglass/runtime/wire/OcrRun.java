package io.moonglass.runtime.wire;

import io.moonglass.engine.FinishReason;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.Generation;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Failed;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.OverloadedException;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.Usage;
import io.moonglass.runtime.ocr.BlankTileException;
import io.moonglass.runtime.ocr.OcrPage;
import io.moonglass.runtime.ocr.OpenPages;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Gives the pages of one document to a model, tile by tile, a few at a time: several are read in one step for little
/// more than one, and no more of a long document is drawn than is being read. The thread that prepares the request
/// runs it; the request's own thread reads [#page].
public final class OcrRun {

    /// Tiles that are read at the same time.
    private static final int MAX_TILES_AT_ONCE = 4;

    private static final long ASK_MILLIS = 20;

    /// What is read where nothing is written.
    private static final Finished NOTHING = new Finished(FinishReason.STOP, Usage.NONE, List.of());

    /// The request that pages are read for. [#isStopped()] is asked on other threads, too.
    public interface Asker {

        RequestTimeline timeline();

        /// Whether nobody waits any more.
        boolean isStopped();

        /// Takes the events of one tile.
        Consumer<GenerationEvent> taker(int tile);

        /// A generation runs for this request, and ends with it.
        void run(Generation generation);

        /// A generation has ended.
        void forget(Generation generation);

        /// Something has changed that is no event.
        void note();
    }

    private final Asker request;
    private final ChatModel model;
    private final OcrCall call;
    private final Semaphore free = new Semaphore(MAX_TILES_AT_ONCE);
    private final Map<Integer, PageReading> pages = new ConcurrentHashMap<>();
    private final Map<Integer, Place> places = new ConcurrentHashMap<>();
    private final Queue<Generation> ended = new ConcurrentLinkedQueue<>();
    private int numTiles;
    private volatile int numOpened;
    private volatile int numPages;

    /// Where a tile belongs.
    private record Place(PageReading page, int tile) {}

    public OcrRun(Asker request, ChatModel model, OcrCall call) {
        this.request = request;
        this.model = model;
        this.call = call;
    }

    /// Opens the document and has all wanted pages read.
    ///
    /// @throws InvalidRequestException if the document cannot be read; a page that cannot says so itself
    /// @throws CancellationException   if nobody waits any more
    public void prepare() {
        try (OpenPages open =
                model.openPages(
                        call.file(), call.pages(), request.timeline(), request::isStopped)) {
            numPages = open.numPages();
            for (int i = 0; i < open.numWanted(); i++) {
                read(open, i);
            }
        }
    }

    /// Pages of the whole document; 0 while it is not open.
    public int numPages() {
        return numPages;
    }

    /// Pages that were opened until now, in order.
    public int numOpened() {
        return numOpened;
    }

    PageReading page(int index) {
        return pages.get(index);
    }

    /// The page was told.
    void forget(int index) {
        pages.remove(index);
    }

    /// Takes what has come of a tile.
    public void add(int tile, GenerationEvent event) {
        Place place = places.get(tile);
        if (place == null) {
            return; // it cannot be read, which its page says
        }
        place.page().add(place.tile(), event);
        if (event instanceof Finished) {
            places.remove(tile);
        }
    }

    private void read(OpenPages open, int index) {
        OcrPage page;
        try {
            page = open.page(index);
        } catch (InvalidRequestException e) {
            opened(new PageReading(open.number(index), e));
            return;
        }
        PageReading reading = new PageReading(page, call.format());
        opened(reading);
        for (int i = 0; i < page.tiles().size() && reading.fault().isEmpty(); i++) {
            read(page.tiles().get(i), new Place(reading, i));
        }
    }

    private void opened(PageReading reading) {
        pages.put(numOpened, reading);
        numOpened++;
        request.note();
    }

    private void read(ContentPart.Picture tile, Place place) {
        awaitPlace();
        int index = numTiles++;
        places.put(index, place);
        Consumer<GenerationEvent> taker = request.taker(index);
        CompletableFuture<Generation> running = new CompletableFuture<>();
        Consumer<GenerationEvent> events =
                event -> {
                    taker.accept(event);
                    if (event instanceof Finished || event instanceof Failed) {
                        running.thenAccept(ended::add);
                        free.release();
                    }
                };
        boolean isGiven = false;
        try {
            Generation generation = generate(tile, index == 0, events);
            isGiven = true;
            request.run(generation);
            running.complete(generation);
            for (Generation done; (done = ended.poll()) != null; ) {
                request.forget(done);
            }
        } catch (BlankTileException e) {
            taker.accept(NOTHING);
        } catch (InvalidRequestException e) {
            places.remove(index);
            place.page().fail(e);
            request.note();
        } finally {
            if (!isGiven) {
                free.release();
            }
        }
    }

    /// A document that has begun waits its turn; one that has not is refused like any request.
    private Generation generate(
            ContentPart.Picture tile, boolean isFirst, Consumer<GenerationEvent> events) {
        while (true) {
            try {
                return model.generate(
                        call.question(tile),
                        List.of(events),
                        request.timeline(),
                        request::isStopped);
            } catch (OverloadedException e) {
                if (isFirst) {
                    throw e;
                }
                pause(Math.min(1_000, e.retryAfter().toMillis()));
            }
        }
    }

    private void awaitPlace() {
        try {
            while (!free.tryAcquire(ASK_MILLIS, TimeUnit.MILLISECONDS)) {
                refuseStopped();
            }
            refuseStopped();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while pages were read");
        }
    }

    private void pause(long millis) {
        try {
            for (long waited = 0; waited < millis; waited += ASK_MILLIS) {
                refuseStopped();
                Thread.sleep(ASK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException("interrupted while pages waited");
        }
    }

    private void refuseStopped() {
        if (request.isStopped()) {
            throw new CancellationException("the request was abandoned");
        }
    }
}
