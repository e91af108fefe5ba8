package io.moonglass.runtime.media;

import java.util.List;

/// The media of one request, fetched and found good: what they cost is known, nothing is decoded. Files that they are
/// decoded from stay until this is closed, so it is closed when all are encoded or given up.
public final class TakenMedia implements AutoCloseable {

    /// Of a request without media.
    public static final TakenMedia NONE = new TakenMedia(List.of(), () -> {});

    private final List<TakenPart> parts;
    private final Runnable release;

    /// @param release called by every [#close()]; does nothing the second time
    TakenMedia(List<TakenPart> parts, Runnable release) {
        this.parts = List.copyOf(parts);
        this.release = release;
    }

    /// One for each part, in the request's order.
    public List<TakenPart> parts() {
        return parts;
    }

    /// All pictures, frames and pages, in order.
    public List<ImageInput> images() {
        return parts.stream().flatMap(part -> part.images().stream()).toList();
    }

    @Override
    public void close() {
        release.run();
    }
}
