package io.moonglass.server.http;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The responses that are being generated. One can be found by its id, by its own caller alone. Safe to use from any
/// thread.
final class RunningResponses {

    /// @param request by which [RunningRequests] know it
    record Running(ResponseFrame frame, RunningRequests.Key request) {}

    private record Key(Caller caller, String responseId) {}

    private final Map<Key, Running> running = new ConcurrentHashMap<>();

    void begin(Running response) {
        running.put(key(response), response);
    }

    void end(Running response) {
        running.remove(key(response), response);
    }

    Optional<Running> find(Caller caller, String responseId) {
        return Optional.ofNullable(running.get(new Key(caller, responseId)));
    }

    private static Key key(Running response) {
        return new Key(response.request().caller(), response.frame().id());
    }
}
