package io.moonglass.server.http;

import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.moonglass.runtime.RequestTimeline;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.server.observe.HeapDumps;
import io.moonglass.server.observe.LogLevel;
import io.moonglass.server.observe.ServerMetrics;
import io.moonglass.server.observe.ThreadDump;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// What the operations port answers, and to whom.
final class OperationsRoutes {

    private static final System.Logger LOG = System.getLogger(OperationsRoutes.class.getName());
    private static final int MAX_BODY_BYTES = 1 << 16;
    private static final Duration BODY_TIMEOUT = Duration.ofSeconds(10);

    private final OperationsAccess access;
    private final ServerMetrics metrics;
    private final HeapDumps heapDumps;
    private final BooleanSupplier stopping;
    private final RouteTable table;
    private final BodyReader bodies =
            new BodyReader(
                    new JsonBody(MAX_BODY_BYTES),
                    new BodyBudget(16L * MAX_BODY_BYTES, MAX_BODY_BYTES, Duration.ZERO),
                    BODY_TIMEOUT,
                    Optional.empty());

    private record Level(String level) {}

    private record HeapDump(String path, long bytes) {}

    /// @param stopping whether the server stops
    OperationsRoutes(
            OperationsOptions options,
            OperationsAccess access,
            ServedModel served,
            Health health,
            ServerMetrics metrics,
            BooleanSupplier stopping) {
        this.access = access;
        this.metrics = metrics;
        this.heapDumps = new HeapDumps(options.heapDumps());
        this.stopping = stopping;
        ModelRoutes models = new ModelRoutes(served);
        List<Route> routes = new ArrayList<>();
        routes.addAll(health.routes());
        routes.addAll(models.routes());
        routes.addAll(models.operations());
        routes.add(new CacheRoute(served).route());
        routes.addAll(
                List.of(
                        Route.open("/metrics", (exchange, _) -> metrics(exchange)),
                        Route.keyed("GET", "/log-level", (exchange, _) -> tellLevel(exchange)),
                        Route.keyed("PUT", "/log-level", (exchange, _) -> setLevel(exchange)),
                        Route.keyed("GET", "/threads", (exchange, _) -> threads(exchange)),
                        Route.keyed("POST", "/heap-dump", (exchange, _) -> dumpHeap(exchange))));
        options.configuration()
                .ifPresent(text ->
                        routes.add(
                                Route.keyed(
                                        "GET",
                                        "/config",
                                        (exchange, _) -> configuration(exchange, text))));
        this.table = new RouteTable(routes);
    }

    void handle(ServerRequest request, ServerResponse response) {
        Exchange exchange =
                new Exchange(request, response, bodies, new RequestTimeline(), false, stopping);
        try (exchange) {
            exchange.context().run(() -> route(exchange));
        } catch (CloseConnectionException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            exchange.fail(HttpFault.of(e, exchange.requestId()));
        }
    }

    private void route(Exchange exchange) {
        String path = exchange.path();
        Optional<Route> found = table.find(exchange.method(), path);
        if (found.isEmpty() || found.get().access() != Route.Access.OPEN) {
            access.refuseUnlessAllowed(exchange);
        }
        Route route = table.taking(found, exchange.method(), path);
        if (!route.method().equals("GET")) { // who did what should be found later
            LOG.log(
                    System.Logger.Level.INFO,
                    "operation {0} {1} by {2}, request {3}",
                    route.method(),
                    route.path(),
                    exchange.caller().tenant().isEmpty()
                            ? "whoever is on this machine"
                            : "key " + exchange.caller().tenant(),
                    exchange.requestId());
        }
        route.handler().handle(exchange, route.idIn(path));
    }

    private void metrics(Exchange exchange) {
        exchange.answer(ServerMetrics.CONTENT_TYPE, metrics.exposition());
    }

    private static void configuration(Exchange exchange, Supplier<String> text) {
        exchange.answer("application/yaml", text.get().getBytes(StandardCharsets.UTF_8));
    }

    private static void tellLevel(Exchange exchange) {
        exchange.answer(new Level(LogLevel.get().label()));
    }

    private static void setLevel(Exchange exchange) {
        LogLevel.set(RequestFields.of("", exchange.readJson()).requiredString("level"));
        tellLevel(exchange);
    }

    private static void threads(Exchange exchange) {
        ThreadDump dump =
                switch (exchange.query("format").orElse("text")) {
                    case "text" -> ThreadDump.TEXT;
                    case "json" -> ThreadDump.JSON;
                    default ->
                            throw HttpFault.invalidValue(
                                    "format", "format is neither; want text or json");
                };
        exchange.answer(dump.contentType(), dump.take());
    }

    private void dumpHeap(Exchange exchange) {
        HeapDumps.Dump dump = heapDumps.dump();
        exchange.answer(new HeapDump(dump.path().toString(), dump.bytes()));
    }
}
