package io.moonglass.runtime.media;

import io.moonglass.runtime.RequestTimeline;

/// The request for which media are taken. Any thread.
interface MediaTaker {

    /// Told what is fetched for it.
    RequestTimeline timeline();

    /// Keeps something until the request's media are encoded or given up.
    void keep(AutoCloseable resource);

    /// Whether nobody waits for the media any more.
    boolean isOver();
}
