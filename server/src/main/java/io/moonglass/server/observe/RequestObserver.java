package io.moonglass.server.observe;

import io.moonglass.runtime.RequestTimeline;

/// Told of requests for an answer. Called on the request's own thread, which it must not hold up.
public interface RequestObserver {

    /// A request's head was read. [#ended] follows in any case.
    default void began(RequestTimeline timeline) {}

    /// All that will be sent was sent, or the request was given up.
    void ended(EndedRequest request);
}
