package io.moonglass.server.http;

import io.moonglass.runtime.ModelStatistics;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.runtime.wire.SamplingReader;
import io.moonglass.server.models.ModelPool;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/// The models that requests are given to: none while the first loads, none when the server stops. Safe to
/// use from any thread.
final class ServedModel {

    /// How long a request without a deadline waits for its model to be loaded.
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private sealed interface State {
        record Loading() implements State {}

        record Serving(ModelPool pool) implements State {}

        record Stopping() implements State {}
    }

    private final RunningRequests requests;
    private final Optional<Duration> timeout;
    private volatile State state = new State.Loading();
    private volatile boolean started;

    /// @param timeout of every request; one may ask for a shorter one
    ServedModel(RunningRequests requests, Optional<Duration> timeout) {
        this.requests = requests;
        this.timeout = timeout;
    }

    void serve(ModelPool pool) {
        state = new State.Serving(pool);
        started = true;
    }

    /// Whether there ever were models; the first of them has been warmed up.
    boolean hasStarted() {
        return started;
    }

    void stop() {
        state = new State.Stopping();
    }

    /// The model that a request names, or the first where it names none; loaded now if it was not. While it is being
    /// loaded the request can be ended in all the ways that end one that is answered.
    ///
    /// @param exchange whose body has been read
    /// @throws HttpFault 404 if it is not served here, 503 while it cannot be had
    ModelPool.Lease lease(Exchange exchange, RequestFields request) {
        ModelPool pool = pool();
        Optional<String> name = request.string("model").filter(some -> !some.isEmpty());
        Duration patience =
                Answers.shorter(timeout, SamplingReader.timeout(request)).orElse(PATIENCE);
        Optional<ModelPool.Lease> loaded = pool.leaseIfLoaded(name);
        exchange.timeline().servedBy(name.orElseGet(pool::first)); // there is one of this name
        return loaded.orElseGet(() -> loadedFor(exchange, pool, name, patience));
    }

    private ModelPool.Lease loadedFor(
            Exchange exchange, ModelPool pool, Optional<String> name, Duration patience) {
        try (RunningRequest waiting = requests.begin(exchange, 1, Optional.empty())) {
            try {
                return pool.lease(name, patience, waiting::isStopped);
            } catch (CancellationException e) {
                throw waiting.fault();
            }
        }
    }

    /// @throws HttpFault 503 while there is none
    ModelPool pool() {
        return switch (state) {
            case State.Serving(ModelPool pool) -> pool;
            case State.Loading() ->
                    throw HttpFault.unavailable(
                            "model_loading", "the model is still loading; ask again soon");
            case State.Stopping() -> throw HttpFault.shuttingDown();
        };
    }

    /// Whether requests are given to models.
    boolean isServing() {
        return state instanceof State.Serving;
    }

    /// Whether no more requests are taken.
    boolean isStopping() {
        return state instanceof State.Stopping;
    }

    /// Statistics of the models that are loaded, by name.
    Map<String, ModelStatistics> statistics() {
        return state instanceof State.Serving(ModelPool pool) ? pool.statistics() : Map.of();
    }
}
