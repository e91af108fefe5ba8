package io.moonglass.runtime.media;

import io.moonglass.engine.RequestScope;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.Stage;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/// The pictures of one request on their way to rows. Guarded by the queue's lock, but for its end.
final class PictureRequest {

    private final RequestScope scope;
    private final RequestTimeline timeline;
    private final List<PictureTicket> tickets;
    private final ArrayDeque<PictureTicket> waiting;
    private final FairOrder.Place decoding;
    private final FairOrder.Place encoding;
    private final PixelBudget.Account pixels;
    private final CompletableFuture<List<ImageRows>> ended = new CompletableFuture<>();

    PictureRequest(
            RequestScope scope,
            RequestTimeline timeline,
            List<ImageInput> images,
            FairOrder.Place decoding,
            FairOrder.Place encoding,
            PixelBudget.Account pixels) {
        this.scope = scope;
        this.timeline = timeline;
        this.tickets = images.stream().map(image -> new PictureTicket(this, image)).toList();
        this.waiting = new ArrayDeque<>(tickets);
        this.decoding = decoding;
        this.encoding = encoding;
        this.pixels = pixels;
    }

    RequestScope scope() {
        return scope;
    }

    /// Told of the stages of its pictures. Any thread.
    RequestTimeline timeline() {
        return timeline;
    }

    /// One of its pictures goes through the encoder.
    RequestTimeline.Work beginEncoding() {
        return timeline.begin(Stage.ENCODE);
    }

    List<PictureTicket> tickets() {
        return tickets;
    }

    /// Pictures that nobody has touched yet, in order.
    ArrayDeque<PictureTicket> waiting() {
        return waiting;
    }

    FairOrder.Place decoding() {
        return decoding;
    }

    FairOrder.Place encoding() {
        return encoding;
    }

    PixelBudget.Account pixels() {
        return pixels;
    }

    /// The rows of all pictures, in order, or why there are none. Any thread.
    CompletableFuture<List<ImageRows>> ended() {
        return ended;
    }

    /// Pictures without rows.
    int numPending() {
        return tickets.size() - progress().numEncoded();
    }

    PictureProgress progress() {
        int numDecoded = 0;
        int numEncoded = 0;
        for (PictureTicket ticket : tickets) {
            switch (ticket.stage()) {
                case PictureTicket.Stage.Waiting _, PictureTicket.Stage.Decoding _ -> {}
                case PictureTicket.Stage.Encoding _ -> numDecoded++;
                case PictureTicket.Stage.Done _ -> {
                    numDecoded++;
                    numEncoded++;
                }
            }
        }
        return new PictureProgress(numDecoded, numEncoded);
    }

    /// The rows of all pictures, once there are.
    Optional<List<ImageRows>> allRows() {
        List<ImageRows> rows =
                tickets.stream()
                        .flatMap(ticket ->
                                ticket.stage() instanceof PictureTicket.Stage.Done(ImageRows done)
                                        ? Stream.of(done)
                                        : Stream.empty())
                        .toList();
        return rows.size() == tickets.size() ? Optional.of(rows) : Optional.empty();
    }
}
