package io.moonglass.server.http;

import io.moonglass.clients.ModelList;
import io.moonglass.server.models.ModelPool;
import io.moonglass.server.models.ModelStatus;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/// What models there are, and how an operator loads and unloads them.
final class ModelRoutes {

    /// A model that is loaded by hand may be packed first.
    private static final Duration PATIENCE = Duration.ofMinutes(30);

    private final ServedModel served;

    ModelRoutes(ServedModel served) {
        this.served = served;
    }

    List<Route> routes() {
        return List.of(
                Route.limited("GET", "/v1/models", (exchange, _) -> list(exchange)),
                Route.limited("GET", "/v1/models/{id}", this::get));
    }

    /// What changes something, which operators alone may do.
    List<Route> operations() {
        return List.of(
                Route.keyed("POST", "/v1/models/{id}/load", this::load),
                Route.keyed("POST", "/v1/models/{id}/unload", this::unload));
    }

    private void list(Exchange exchange) {
        exchange.answer(
                ModelList.of(served.pool().status().stream().map(ModelRoutes::card).toList()));
    }

    private void get(Exchange exchange, String name) {
        exchange.answer(card(served.pool().status(name)));
    }

    private void load(Exchange exchange, String name) {
        ModelPool pool = served.pool();
        pool.load(name, PATIENCE);
        exchange.answer(card(pool.status(name)));
    }

    private void unload(Exchange exchange, String name) {
        ModelPool pool = served.pool();
        if (!pool.unload(name)) {
            throw HttpFault.modelInUse(name);
        }
        exchange.answer(card(pool.status(name)));
    }

    private static ModelList.Model card(ModelStatus status) {
        return new ModelList.Model(
                status.name(),
                "model",
                status.since(),
                "moonglass",
                status.contextLength().isPresent() ? status.contextLength().getAsInt() : null,
                status.state().name().toLowerCase(Locale.ROOT));
    }
}
