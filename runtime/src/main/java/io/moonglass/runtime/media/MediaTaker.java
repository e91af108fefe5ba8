package io.moonglass.runtime.media;

/// The request for which media are taken. Any thread.
interface MediaTaker {

    /// Keeps something until the request's media are encoded or given up.
    void keep(AutoCloseable resource);

    /// Whether nobody waits for the media any more.
    boolean isOver();
}
