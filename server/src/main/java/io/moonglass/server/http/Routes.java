package io.moonglass.server.http;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.server.files.FileStore;
import io.moonglass.server.models.ModelPool;
import io.moonglass.server.observe.AccessLog;
import io.moonglass.server.observe.MemoryFaults;
import io.moonglass.server.observe.Outcome;
import io.moonglass.server.observe.ServerMetrics;
import io.moonglass.server.observe.Traces;
import io.moonglass.server.responses.ResponseStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/// Which path does what, and how every failure is answered.
final class Routes {

    private static final System.Logger LOG = System.getLogger(Routes.class.getName());
    private static final String MESSAGES_PATH = "/v1/messages";

    private final ServedModel served;
    private final Answers answers;
    private final RunningRequests requests;
    private final ServerMetrics metrics;
    private final Traces traces;
    private final Health health;
    private final OpenExchanges exchanges;
    private final MemoryFaults memory;
    private final BodyReader bodies;
    private final ServerOptions options;
    private final Cors cors;
    private final Semaphore freeSlots;
    private final RouteTable table;
    private final OpenApiDocument document = OpenApiDocument.load();

    private record InputTokens(@JsonProperty("input_tokens") int inputTokens) {}

    private record ServerVersion(String version) {}

    private record Cancelled(String id, String object, boolean cancelled) {}

    Routes(
            ServedModel served,
            Answers answers,
            RunningRequests requests,
            ServerMetrics metrics,
            Traces traces,
            Health health,
            OpenExchanges exchanges,
            MemoryFaults memory,
            Optional<ResponseStore> store,
            Optional<FileStore> files,
            FileRoutes fileRoutes,
            ServerOptions options) {
        this.served = served;
        this.answers = answers;
        this.requests = requests;
        this.metrics = metrics;
        this.traces = traces;
        this.health = health;
        this.exchanges = exchanges;
        this.memory = memory;
        this.bodies = BodyReader.from(options, files);
        this.options = options;
        this.cors = new Cors(options.corsOrigins());
        this.table = table(store, fileRoutes);
        this.freeSlots = new Semaphore(options.maxConcurrentRequests());
    }

    private RouteTable table(Optional<ResponseStore> store, FileRoutes files) {
        Embeddings embeddings = new Embeddings(served, requests, options.requestTimeout());
        List<Route> routes = new ArrayList<>();
        routes.addAll(new TokenRoutes(served, requests, options.requestTimeout()).routes());
        routes.addAll(health.routes());
        if (options.playground()) {
            routes.addAll(Playground.load().routes());
        }
        ModelRoutes models = new ModelRoutes(served);
        routes.addAll(models.routes());
        if (options.operations().isEmpty()) {
            routes.addAll(models.operations());
            routes.add(Route.keyed("GET", "/metrics", (exchange, _) -> metrics(exchange)));
        }
        routes.add(new OcrRoute(served, requests, options).route());
        routes.addAll(files.routes());
        routes.addAll(
                new ResponseRoutes(
                                served,
                                answers,
                                requests,
                                store,
                                options.maxBodyBytes(),
                                options.requestTimeout())
                        .routes());
        routes.addAll(
                List.of(
                        answering("/v1/chat/completions", new ChatCompletionReader()),
                        answering("/v1/completions", new CompletionReader()),
                        Route.answering("/v1/vqa", (exchange, _) -> vqa(exchange)),
                        Route.answering(MESSAGES_PATH, (exchange, _) -> message(exchange)),
                        Route.limited(
                                "POST",
                                MESSAGES_PATH + "/count_tokens",
                                (exchange, _) -> countMessages(exchange)),
                        Route.limited(
                                "POST",
                                "/v1/embeddings",
                                (exchange, _) -> embeddings.answer(exchange)),
                        Route.keyed("DELETE", "/v1/requests/{id}", this::cancel),
                        Route.keyed("GET", "/version", (exchange, _) -> version(exchange)),
                        // it tells as much of a server as its list of models does
                        Route.keyed("GET", "/openapi.json", (exchange, _) -> openApi(exchange))));
        return new RouteTable(routes);
    }

    private Route answering(String path, Dialect dialect) {
        return Route.answering(path, (exchange, _) -> answers.answer(exchange, dialect, served));
    }

    /// All that can be asked for.
    RouteTable table() {
        return table;
    }

    void handle(ServerRequest request, ServerResponse response) {
        Exchange exchange =
                new Exchange(
                        request,
                        response,
                        bodies,
                        new RequestTimeline(metrics::firstToken),
                        options.logPrompts(),
                        exchanges::isStopping);
        Optional<Route> route = table.find(exchange.method(), exchange.path());
        Traces.Trace trace = begin(exchange, route);
        try (exchange) {
            exchange.context().run(() -> answer(exchange, route));
        } finally {
            exchange.timeline().end();
            count(exchange, route);
            trace.end(exchange.report());
            exchange.context().run(() -> AccessLog.tell(exchange.report(), isRoutine(exchange)));
        }
    }

    private Traces.Trace begin(Exchange exchange, Optional<Route> route) {
        route.map(Route::path).ifPresent(exchange.report()::takes);
        if (!isForAnswer(route, exchange)) {
            return Traces.Trace.NONE;
        }
        metrics.began(exchange.timeline());
        Traces.Trace trace =
                traces.begin(
                        exchange.timeline().begin(),
                        name -> exchange.header(HeaderNames.create(name)));
        exchange.tracedAs(trace.id());
        return trace;
    }

    private void answer(Exchange exchange, Optional<Route> found) {
        try {
            speakAnthropic(exchange);
            cors.apply(exchange);
            if (!cors.answersPreflight(exchange, table)) {
                route(exchange, found);
            }
        } catch (CloseConnectionException e) {
            LOG.log(System.Logger.Level.DEBUG, "given up: {0}", e.getMessage());
            throw e;
        } catch (RuntimeException | Error e) {
            exchange.fail(HttpFault.of(e, exchange.requestId()));
        }
        exchange.report().ended(outcome(exchange), exchange.fault().map(HttpFault::code));
    }

    /// Health and metrics are asked for every few seconds, and a page has many files.
    private static boolean isRoutine(Exchange exchange) {
        return exchange.report()
                .route()
                .filter(route ->
                        route.startsWith("/health")
                                || route.equals("/metrics")
                                || Playground.isPath(route))
                .isPresent();
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
    private void count(Exchange exchange, Optional<Route> route) {
        Outcome outcome = exchange.report().outcome();
        if (isForAnswer(route, exchange)) {
            metrics.ended(exchange.report());
        }
        exchange.fault()
                .filter(fault -> fault.code().equals(HttpFault.OUT_OF_MEMORY))
                .ifPresent(fault -> memory.failed(exchange.requestId(), fault.getCause()));
        boolean isRefusal = outcome == Outcome.INVALID || outcome == Outcome.REFUSED;
        if (isRefusal && needsKey(route)) {
            exchange.fault().map(HttpFault::code).ifPresent(metrics::refused);
        }
    }

    private static boolean isForAnswer(Optional<Route> route, Exchange exchange) {
        return route.filter(Route::answers)
                .filter(found -> found.method().equals(exchange.method()))
                .isPresent();
    }

    /// Who may not know what there is does not learn it either.
    private static boolean needsKey(Optional<Route> route) {
        return route.isEmpty() || route.get().access() != Route.Access.OPEN;
    }

    private void route(Exchange exchange, Optional<Route> found) {
        String path = exchange.path();
        if (needsKey(found)) {
            exchange.identify(options.apiKeys());
        }
        Route route = table.taking(found, exchange.method(), path);
        // once more, because now it is known whose it is
        Runnable handler =
                () ->
                        exchange.context()
                                .run(() -> route.handler().handle(exchange, route.idIn(path)));
        if (route.access() == Route.Access.LIMITED) {
            inSlot(exchange, handler);
        } else {
            handler.run();
        }
    }

    private void inSlot(Exchange exchange, Runnable handler) {
        exchanges.enter(exchange);
        try {
            if (!freeSlots.tryAcquire()) {
                throw HttpFault.overloaded("too many requests at once");
            }
            try (KeyUse.Place _ = exchange.keyUse().enter()) {
                handler.run();
            } finally {
                freeSlots.release();
            }
        } finally {
            exchanges.leave(exchange);
        }
    }

    /// A question about pictures, as JSON or as a form.
    private void vqa(Exchange exchange) {
        if (exchange.isForm()) {
            VqaForm form = exchange.readForm(body -> VqaForm.read(body, options.maxBodyBytes()));
            answers.answer(exchange, form.fields(), new VqaReader(form.files()), served);
        } else {
            answers.answer(exchange, new VqaReader(List.of()), served);
        }
    }

    private void message(Exchange exchange) {
        answers.answer(exchange, new AnthropicCall(exchange.requestId()), served);
    }

    private void countMessages(Exchange exchange) {
        JsonNode body = exchange.readJson();
        try (ModelPool.Lease lease = served.lease(exchange, RequestFields.of("", body))) {
            RequestFiles files = exchange.files();
            exchange.answer(
                    new InputTokens(
                            requests.whileWanted(
                                            exchange,
                                            options.requestTimeout(),
                                            abandoned ->
                                                    AnthropicCall.measure(
                                                            body, lease.model(), files, abandoned))
                                    .tokens()));
        }
    }

    private void cancel(Exchange exchange, String id) {
        if (!requests.cancel(new RunningRequests.Key(exchange.caller(), id))) {
            throw HttpFault.requestNotFound();
        }
        exchange.answer(new Cancelled(id, "request", true));
    }

    private void version(Exchange exchange) {
        exchange.answer(new ServerVersion(Version.VERSION));
    }

    private void openApi(Exchange exchange) {
        exchange.answer("application/json", document.json());
    }

    private void metrics(Exchange exchange) {
        exchange.answer(ServerMetrics.CONTENT_TYPE, metrics.exposition());
    }
}
