package io.moonglass.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.server.observe.EngineWatch;
import io.moonglass.server.observe.MemoryFaults;
import io.moonglass.server.observe.ServerMetrics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class OpenApiDocumentTest {

    private final JsonNode document = document();

    @Test
    void it_describes_every_route_and_nothing_else() {
        Set<String> described = new TreeSet<>();
        for (Map.Entry<String, JsonNode> path : document.get("paths").properties()) {
            for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
                described.add(operation.getKey().toUpperCase() + " " + path.getKey());
            }
        }

        assertEquals(
                routes().stream()
                        .map(route -> route.method() + " " + route.path())
                        .collect(Collectors.toCollection(TreeSet::new)),
                described);
    }

    @Test
    void it_says_which_routes_want_no_key() {
        for (Route route : routes()) {
            JsonNode security = document.at(pointer(route) + "/security");
            assertEquals(route.access() == Route.Access.OPEN, security.isArray(), route.toString());
        }
    }

    @Test
    void every_reference_leads_somewhere() {
        List<String> dangling = new ArrayList<>();
        for (String reference : document.findValuesAsText("$ref")) {
            if (document.at(reference.substring(1)).isMissingNode()) {
                dangling.add(reference);
            }
        }

        assertEquals(List.of(), dangling);
    }

    @Test
    void every_schema_is_used() {
        Set<String> used = new TreeSet<>(document.findValuesAsText("$ref"));
        Set<String> unused = new TreeSet<>();
        for (String group : List.of("schemas", "responses", "headers")) {
            document.at("/components/" + group)
                    .fieldNames()
                    .forEachRemaining(name -> {
                        String reference = "#/components/%s/%s".formatted(group, name);
                        if (!used.contains(reference)) {
                            unused.add(reference);
                        }
                    });
        }
        // these are of faults that have no operation
        unused.remove("#/components/schemas/Error");

        assertEquals(Set.of(), unused);
    }

    @Test
    void every_field_of_a_request_is_explained() {
        List<String> unexplained = new ArrayList<>();
        document.at("/components/schemas").properties().stream()
                .filter(schema ->
                        schema.getKey().endsWith("Request") || schema.getKey().endsWith("Fields"))
                .flatMap(schema ->
                        schema.getValue().path("properties").properties().stream()
                                .filter(field -> !isExplained(field.getValue()))
                                .map(field -> schema.getKey() + "." + field.getKey()))
                .forEach(unexplained::add);

        assertEquals(List.of(), unexplained);
    }

    /// What a field refers to may explain it.
    private boolean isExplained(JsonNode schema) {
        return schema.has("description")
                || schema.findValuesAsText("$ref").stream()
                        .anyMatch(reference ->
                                document.at(reference.substring(1)).has("description"));
    }

    @Test
    void it_is_served_with_the_servers_version() throws IOException {
        try (RunningServer server = new RunningServer()) {
            HttpResponse<String> response = server.get("/openapi.json");

            assertEquals(200, response.statusCode());
            assertTrue(
                    response.headers()
                            .firstValue("Content-Type")
                            .orElseThrow()
                            .startsWith("application/json"));
            assertEquals(document, RunningServer.json(response.body()));
            assertEquals(Version.VERSION, document.at("/info/version").textValue());
        }
    }

    private static JsonNode document() {
        try {
            return RunningServer.JSON.readTree(OpenApiDocument.load().json());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String pointer(Route route) {
        return "/paths/%s/%s"
                .formatted(route.path().replace("/", "~1"), route.method().toLowerCase());
    }

    private static List<Route> routes() {
        try (ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1)) {
            RunningRequests requests = new RunningRequests(timer);
            ServerOptions options = ServerOptions.DEFAULT;
            ServedModel served = new ServedModel(requests, Optional.empty());
            OpenExchanges exchanges = new OpenExchanges();
            EngineWatch watch = new EngineWatch(Duration.ofSeconds(1));
            MemoryFaults memory = new MemoryFaults();
            return new Routes(
                            served,
                            new Answers(requests, options.pingInterval(), Optional.empty()),
                            requests,
                            new ServerMetrics(Map::of, requests::size),
                            new Health(served, exchanges, watch, memory),
                            exchanges,
                            memory,
                            Optional.empty(),
                            Optional.empty(),
                            new FileRoutes(Optional.empty(), timer, Duration.ofSeconds(1)),
                            options)
                    .table()
                    .routes();
        }
    }
}
