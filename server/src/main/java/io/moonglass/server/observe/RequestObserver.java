package io.moonglass.server.observe;

/// Told of requests for an answer. Called on the request's own thread, which it must not hold up.
public interface RequestObserver {

    /// All that will be sent was sent, or the request was given up.
    void ended(EndedRequest request);
}
