package io.moonglass.server.http;

import io.moonglass.server.http.GenerationEvents.Stop;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/// The requests that are being answered. One can be found by its id, by its own caller alone. Safe to
/// use from any thread.
final class RunningRequests {

    /// What a request is found by.
    record Key(Caller caller, String requestId) {}

    private final ScheduledExecutorService timer;
    private final Set<RunningRequest> running = ConcurrentHashMap.newKeySet();
    private final Map<Key, RunningRequest> stoppable = new ConcurrentHashMap<>();

    /// @param timer ends requests at their deadlines
    RunningRequests(ScheduledExecutorService timer) {
        this.timer = timer;
    }

    /// Begins an exchange's request, whose body must have been read. It runs until it is closed.
    ///
    /// @param timeout counted from the exchange's beginning
    /// @throws HttpFault 409 if another of the same caller and id runs
    RunningRequest begin(Exchange exchange, int numAnswers, Optional<Duration> timeout) {
        RunningRequest request =
                new RunningRequest(
                        this,
                        new Key(exchange.caller(), exchange.requestId()),
                        exchange.client(),
                        numAnswers,
                        exchange.timeline(),
                        timer);
        if (stoppable.putIfAbsent(request.key(), request) != null) {
            throw HttpFault.duplicateRequestId();
        }
        running.add(request);
        try {
            exchange.client().whenGone(() -> request.stop(Stop.CLIENT_GONE));
            timeout.ifPresent(time -> request.stopAfter(time.minus(exchange.age())));
            return request;
        } catch (RuntimeException | Error e) { // the timer of a server that stops, for one
            request.close();
            throw e;
        }
    }

    /// Does something for an exchange that is answered whole, for as long as its client waits.
    ///
    /// @param work asks now and then whether nobody waits any more
    /// @throws HttpFault that tells why it was ended, if it was
    <T> T whileWanted(
            Exchange exchange, Optional<Duration> timeout, Function<BooleanSupplier, T> work) {
        try (RunningRequest request = begin(exchange, 1, timeout)) {
            try {
                T result = work.apply(request::isStopped);
                request.complete();
                return result;
            } catch (CancellationException e) {
                throw request.fault();
            }
        }
    }

    /// Ends a caller's request, whatever stage it is in; its client is told.
    ///
    /// @return whether there was one
    boolean cancel(Key key) {
        RunningRequest request = stoppable.get(key);
        return request != null && request.stop(Stop.CANCELLED);
    }

    int size() {
        return running.size();
    }

    /// Gives up all of them; their clients are told.
    void stopAll() {
        running.forEach(request -> request.stop(Stop.SHUTTING_DOWN));
    }

    /// The request has all of its answer, or will get no more: its id is free.
    void cannotStop(RunningRequest request) {
        stoppable.remove(request.key(), request);
    }

    /// The request's client has been sent all that it will be sent.
    void ended(RunningRequest request) {
        running.remove(request);
    }
}
