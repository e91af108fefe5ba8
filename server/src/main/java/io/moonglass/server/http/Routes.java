package io.moonglass.server.http;

import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.moonglass.clients.ModelList;
import io.moonglass.runtime.ChatModel;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/// Which path does what, and how every failure is answered.
final class Routes {

    private static final System.Logger LOG = System.getLogger(Routes.class.getName());
    private static final String MODEL_PATH = "/v1/models/";

    private final ServedModel served;
    private final ChatCompletions chatCompletions;
    private final BodyReader bodies;
    private final Semaphore freeSlots;
    private final Map<String, Route> routes =
            Map.of(
                    "/v1/chat/completions", new Route("POST", true, this::chatCompletion),
                    "/v1/models", new Route("GET", true, this::models),
                    "/health", new Route("GET", false, this::ready),
                    "/health/live", new Route("GET", false, this::live),
                    "/health/ready", new Route("GET", false, this::ready));
    private final Route modelRoute = new Route("GET", true, this::model);

    /// @param isLimited whether it counts among the requests at once; health must be told even then
    private record Route(String method, boolean isLimited, Consumer<Exchange> handler) {}

    private record Health(String status) {}

    Routes(
            ServedModel served,
            ChatCompletions chatCompletions,
            BodyReader bodies,
            int maxConcurrentRequests) {
        this.served = served;
        this.chatCompletions = chatCompletions;
        this.bodies = bodies;
        this.freeSlots = new Semaphore(maxConcurrentRequests);
    }

    void handle(ServerRequest request, ServerResponse response) {
        Exchange exchange = new Exchange(request, response, bodies);
        try (exchange) {
            route(exchange);
        } catch (CloseConnectionException e) {
            LOG.log(
                    System.Logger.Level.DEBUG,
                    () -> "request %s: %s".formatted(exchange.requestId(), e.getMessage()));
            throw e;
        } catch (RuntimeException | Error e) {
            exchange.fail(HttpFault.of(e, exchange.requestId()));
        }
    }

    private void route(Exchange exchange) {
        String path = exchange.path();
        Route route = path.startsWith(MODEL_PATH) ? modelRoute : routes.get(path);
        if (route == null) {
            throw HttpFault.invalidRequest(404, "unknown_url", "there is nothing at this path");
        }
        if (!route.method().equals(exchange.method())) {
            exchange.fail(
                    HttpFault.invalidRequest(
                            405,
                            "method_not_allowed",
                            "this path takes %s alone".formatted(route.method())),
                    route.method());
            return;
        }
        if (route.isLimited()) {
            inSlot(() -> route.handler().accept(exchange));
        } else {
            route.handler().accept(exchange);
        }
    }

    private void inSlot(Runnable handler) {
        if (!freeSlots.tryAcquire()) {
            throw HttpFault.overloaded("too many requests at once");
        }
        try {
            handler.run();
        } finally {
            freeSlots.release();
        }
    }

    private void chatCompletion(Exchange exchange) {
        chatCompletions.answer(exchange, served.model());
    }

    private void models(Exchange exchange) {
        exchange.answer(ModelList.of(card(served.model())));
    }

    private void model(Exchange exchange) {
        String wanted = exchange.path().substring(MODEL_PATH.length());
        ChatModel model = served.model();
        if (!wanted.equals(model.name())) {
            throw HttpFault.modelNotFound(wanted, model.name());
        }
        exchange.answer(card(model));
    }

    private ModelList.Model card(ChatModel model) {
        return new ModelList.Model(
                model.name(), "model", served.since(), "moonglass", model.contextLength());
    }

    private void live(Exchange exchange) {
        exchange.answer(new Health("UP"));
    }

    private void ready(Exchange exchange) {
        served.model();
        exchange.answer(new Health("UP"));
    }
}
