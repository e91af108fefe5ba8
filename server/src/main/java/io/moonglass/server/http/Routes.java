package io.moonglass.server.http;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.moonglass.clients.ModelList;
import io.moonglass.runtime.ChatModel;
import io.moonglass.server.observe.EngineWatch;
import io.moonglass.server.observe.Outcome;
import io.moonglass.server.observe.ServerMetrics;
import io.moonglass.server.responses.ResponseStore;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/// Which path does what, and how every failure is answered.
final class Routes {

    private static final System.Logger LOG = System.getLogger(Routes.class.getName());
    private static final String ANY_METHOD = "*";
    private static final String MODEL_PATH = "/v1/models/";

    private static final String REQUEST_PATH = "/v1/requests/";
    private static final String CHAT_PATH = "/v1/chat/completions";
    private static final String MESSAGES_PATH = "/v1/messages";

    /// A POST to one of these asks for an answer.
    private static final Set<String> ANSWERING =
            Set.of(CHAT_PATH, MESSAGES_PATH, ResponseRoutes.PATH);

    private final ServedModel served;
    private final Answers answers;
    private final Dialect chatCompletions = new ChatCompletionReader();
    private final RunningRequests requests;
    private final ServerMetrics metrics;
    private final EngineWatch watch;
    private final BodyReader bodies;
    private final ServerOptions options;
    private final Semaphore freeSlots;
    private final Route modelRoute = new Route("GET", Access.LIMITED, this::model);
    private final Route responseRoute;
    private final Route requestRoute = new Route("DELETE", Access.KEYED, this::cancel);
    private final Map<String, Route> routes =
            Map.of(
                    CHAT_PATH,
                    new Route("POST", Access.LIMITED, this::chatCompletion),
                    MESSAGES_PATH,
                    new Route("POST", Access.LIMITED, this::message),
                    MESSAGES_PATH + "/count_tokens",
                    new Route("POST", Access.LIMITED, this::countMessages),
                    "/v1/models",
                    new Route("GET", Access.LIMITED, this::models),
                    "/metrics",
                    new Route("GET", Access.KEYED, this::metrics),
                    "/health",
                    new Route("GET", Access.OPEN, this::ready),
                    "/health/live",
                    new Route("GET", Access.OPEN, this::live),
                    "/health/ready",
                    new Route("GET", Access.OPEN, this::ready));

    /// What a route asks of who takes it. Operators must be answered however much there is to do.
    private enum Access {
        OPEN,
        KEYED,
        /// Keyed, and counted among the requests at once.
        LIMITED
    }

    /// @param method [#ANY_METHOD] where the handler looks at it itself
    private record Route(String method, Access access, Consumer<Exchange> handler) {}

    private record InputTokens(@JsonProperty("input_tokens") int inputTokens) {}

    private record Health(String status) {}

    private record Cancelled(String id, String object, boolean cancelled) {}

    Routes(
            ServedModel served,
            Answers answers,
            RunningRequests requests,
            ServerMetrics metrics,
            EngineWatch watch,
            Optional<ResponseStore> store,
            ServerOptions options) {
        this.served = served;
        this.answers = answers;
        this.requests = requests;
        this.metrics = metrics;
        this.watch = watch;
        this.bodies = BodyReader.from(options);
        this.options = options;
        ResponseRoutes responses =
                new ResponseRoutes(served, answers, requests, store, options.maxBodyBytes());
        this.responseRoute = new Route(ANY_METHOD, Access.LIMITED, responses::handle);
        this.freeSlots = new Semaphore(options.maxConcurrentRequests());
    }

    void handle(ServerRequest request, ServerResponse response) {
        Exchange exchange = new Exchange(request, response, bodies);
        Outcome outcome = Outcome.CLIENT_GONE;
        try (exchange) {
            speakAnthropic(exchange);
            route(exchange);
            outcome = outcome(exchange);
        } catch (CloseConnectionException e) {
            LOG.log(
                    System.Logger.Level.DEBUG,
                    () -> "request %s: %s".formatted(exchange.requestId(), e.getMessage()));
            throw e;
        } catch (RuntimeException | Error e) {
            exchange.fail(HttpFault.of(e, exchange.requestId()));
            outcome = outcome(exchange);
        } finally {
            count(exchange, outcome);
        }
    }

    /// Clients that ask Anthropic's paths read Anthropic's faults, whatever goes wrong.
    private static void speakAnthropic(Exchange exchange) {
        String path = exchange.path();
        if (path.equals(MESSAGES_PATH) || path.startsWith(MESSAGES_PATH + "/")) {
            exchange.faultsAs(AnthropicFault::of);
            exchange.header(AnthropicFault.REQUEST_ID, exchange.requestId());
        }
    }

    private static Outcome outcome(Exchange exchange) {
        return exchange.fault().map(HttpFault::outcome).orElse(Outcome.COMPLETED);
    }

    /// What probes are told is no refusal.
    private void count(Exchange exchange, Outcome outcome) {
        Route route = routeTo(exchange.path());
        if (exchange.method().equals("POST") && ANSWERING.contains(exchange.path())) {
            metrics.ended(outcome);
        }
        boolean isRefusal = outcome == Outcome.INVALID || outcome == Outcome.REFUSED;
        if (isRefusal && needsKey(route)) {
            exchange.fault().map(HttpFault::code).ifPresent(metrics::refused);
        }
    }

    private static boolean needsKey(Route route) {
        return route == null || route.access() != Access.OPEN;
    }

    /// Null if there is none.
    private Route routeTo(String path) {
        if (path.startsWith(MODEL_PATH)) {
            return modelRoute;
        }
        if (ResponseRoutes.has(path)) {
            return responseRoute;
        }
        return path.startsWith(REQUEST_PATH) ? requestRoute : routes.get(path);
    }

    private void route(Exchange exchange) {
        Route route = routeTo(exchange.path());
        if (needsKey(route)) {
            exchange.identify(options.apiKeys());
        }
        if (route == null) {
            throw HttpFault.unknownUrl();
        }
        if (!route.method().equals(ANY_METHOD) && !route.method().equals(exchange.method())) {
            throw HttpFault.methodNotAllowed(route.method());
        }
        if (route.access() == Access.LIMITED) {
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
        answers.answer(exchange, chatCompletions, served);
    }

    private void message(Exchange exchange) {
        answers.answer(exchange, new AnthropicCall(exchange.requestId()), served);
    }

    private void countMessages(Exchange exchange) {
        JsonNode body = exchange.readJson();
        ChatModel model = served.named(RequestFields.of("", body));
        exchange.answer(new InputTokens(AnthropicCall.measure(body, model).tokens()));
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

    private void cancel(Exchange exchange) {
        String id = exchange.path().substring(REQUEST_PATH.length());
        if (!requests.cancel(new RunningRequests.Key(exchange.caller(), id))) {
            throw HttpFault.requestNotFound();
        }
        exchange.answer(new Cancelled(id, "request", true));
    }

    private void metrics(Exchange exchange) {
        exchange.answer(ServerMetrics.CONTENT_TYPE, metrics.exposition());
    }

    private void live(Exchange exchange) {
        exchange.answer(new Health("UP"));
    }

    private void ready(Exchange exchange) {
        if (watch.isStuck(served.model().statistics().engine())) {
            throw HttpFault.engineStuck(options.stuckAfter());
        }
        exchange.answer(new Health("UP"));
    }
}
