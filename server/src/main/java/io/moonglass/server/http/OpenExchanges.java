package io.moonglass.server.http;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The requests that were taken in and are not answered to their end, in whichever stage: also those whose body is still
/// coming, or that wait for a model. Safe to use from any thread.
final class OpenExchanges {

    private final Set<Exchange> open = ConcurrentHashMap.newKeySet();
    private volatile boolean stopping;

    /// Takes a request in.
    ///
    /// @throws HttpFault 503 once the server stops
    void enter(Exchange exchange) {
        open.add(exchange); // first, so that a stopping server either sees it or refuses it
        if (stopping) {
            open.remove(exchange);
            throw HttpFault.shuttingDown();
        }
    }

    /// A request has its answer, or never entered.
    void leave(Exchange exchange) {
        open.remove(exchange);
    }

    /// Takes no more requests in.
    void stop() {
        stopping = true;
    }

    boolean isStopping() {
        return stopping;
    }

    int size() {
        return open.size();
    }

    /// Ends what is still reading its body; its client is told that the server stops.
    void stopReading() {
        open.forEach(exchange -> exchange.client().stopReading());
    }
}
