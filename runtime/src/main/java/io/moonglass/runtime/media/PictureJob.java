package io.moonglass.runtime.media;

import io.moonglass.loader.digest.Digest;
import io.moonglass.vision.ImagePatches;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A picture that is encoded once, for all who wait for it. Guarded by the queue's lock, but for what is
/// said otherwise.
final class PictureJob {

    private final Digest content;
    private final PixelBudget.Account pixels;
    private final long fittedPixels;
    private final List<PictureTicket> tickets = new ArrayList<>();
    private ImagePatches patches;
    private boolean begun;
    private volatile boolean abandoned;

    /// @param pixels where its pixels were taken
    PictureJob(Digest content, PictureTicket first) {
        this.content = content;
        this.pixels = first.request().pixels();
        this.fittedPixels = first.image().fittedPixels();
    }

    Digest content() {
        return content;
    }

    PixelBudget.Account pixels() {
        return pixels;
    }

    long fittedPixels() {
        return fittedPixels;
    }

    /// Those who wait for it.
    List<PictureTicket> tickets() {
        return tickets;
    }

    /// One more waits for it.
    void add(PictureTicket ticket) {
        tickets.add(ticket);
        if (begun) {
            ticket.beginEncoding();
        }
    }

    /// It is being encoded from now on.
    void begin() {
        begun = true;
        tickets.forEach(PictureTicket::beginEncoding);
    }

    /// The picture as the encoder reads it. For the thread that encodes it.
    ImagePatches patches() {
        return patches;
    }

    void prepared(ImagePatches value) {
        patches = value;
    }

    /// Nobody waits for it any more.
    void abandon() {
        abandoned = true;
    }

    /// Any thread.
    boolean isAbandoned() {
        return abandoned;
    }

    /// The best place of those who wait for it.
    FairOrder.Place place() {
        return tickets.stream()
                .map(ticket -> ticket.request().encoding())
                .min(Comparator.naturalOrder())
                .orElseThrow();
    }
}
