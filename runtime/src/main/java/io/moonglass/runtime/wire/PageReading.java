package io.moonglass.runtime.wire;

import io.moonglass.engine.FinishReason;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.GenerationEvent;
import io.moonglass.runtime.GenerationEvent.Finished;
import io.moonglass.runtime.Usage;
import io.moonglass.runtime.ocr.OcrFormat;
import io.moonglass.runtime.ocr.OcrPage;
import io.moonglass.runtime.ocr.TileText;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/// One page while it is read: its tiles, and what has been read of them. Made by the thread that opens pages, and used
/// by the request's thread, but for what is said otherwise.
final class PageReading {

    private final int number;
    private final Optional<OcrPage> page;
    private final List<CollectedAnswer> tiles;
    private final StringBuilder joined = new StringBuilder();
    private final TileText joining;
    private int numJoined;
    private final AtomicReference<InvalidRequestException> fault = new AtomicReference<>();

    /// A page that can be read.
    PageReading(OcrPage page, OcrFormat format) {
        this.number = page.number();
        this.page = Optional.of(page);
        this.joining = new TileText(page.columns(), format);
        this.tiles = Stream.generate(CollectedAnswer::new).limit(page.tiles().size()).toList();
    }

    /// A page that cannot.
    PageReading(int number, InvalidRequestException fault) {
        this.number = number;
        this.page = Optional.empty();
        this.joining = new TileText(1, OcrFormat.TEXT);
        this.tiles = List.of();
        this.fault.set(fault);
    }

    int number() {
        return number;
    }

    /// Empty if it could not be opened.
    Optional<OcrPage> page() {
        return page;
    }

    int numTiles() {
        return tiles.size();
    }

    /// A tile cannot be drawn, and so the page not be read. Any thread.
    void fail(InvalidRequestException why) {
        fault.compareAndSet(null, why);
    }

    Optional<InvalidRequestException> fault() {
        return Optional.ofNullable(fault.get());
    }

    void add(int tile, GenerationEvent event) {
        tiles.get(tile).add(event);
    }

    /// Whether nothing more will come of it.
    boolean isRead() {
        return fault().isPresent() || tiles.stream().allMatch(tile -> tile.finished() != null);
    }

    /// What has been read and will not change: of the only tile all that has come, of several what those say that are
    /// read to their end, since what two of them show is taken once.
    String text() {
        if (tiles.size() == 1) {
            return tiles.getFirst().text();
        }
        while (numJoined < tiles.size() && tiles.get(numJoined).finished() != null) {
            joined.append(joining.add(tiles.get(numJoined++).text()));
            if (numJoined == tiles.size()) {
                joined.append(joining.finish());
            }
        }
        return joined.toString();
    }

    /// What its tiles cost that were read to their end.
    Usage usage() {
        return ends().map(Finished::usage).reduce(Usage.NONE, Usage::plus);
    }

    /// Whether a limit has cut what was read of it.
    boolean isCut() {
        return ends().anyMatch(end -> end.reason() == FinishReason.LENGTH);
    }

    private Stream<Finished> ends() {
        return tiles.stream().map(CollectedAnswer::finished).filter(end -> end != null);
    }
}
