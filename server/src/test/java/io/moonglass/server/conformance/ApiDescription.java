package io.moonglass.server.conformance;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;

/// An OpenAPI document, to hold exchanges against. Safe to use from any thread.
final class ApiDescription {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ADDRESS = "https://moonglass.io/openapi.json";
    private static final String EVENTS = "text/event-stream";
    private static final int MAX_TOLD = 5;

    /// Warns of everything in the document that is no schema; held here, or its level would be forgotten.
    private static final Logger SCHEMAS = Logger.getLogger("com.networknt.schema");

    private final JsonNode document;
    private final SchemaRegistry registry;
    private final Map<String, Schema> schemas = new ConcurrentHashMap<>();

    ApiDescription(String json) {
        SCHEMAS.setLevel(Level.SEVERE);
        this.document = read(json);
        this.registry =
                SchemaRegistry.withDefaultDialect(
                        SpecificationVersion.DRAFT_2020_12,
                        builder -> builder.schemas(Map.of(ADDRESS, json)));
    }

    /// What contradicts the document, in words; empty if nothing does.
    List<String> violations(RecordedExchange exchange) {
        List<String> violations = new ArrayList<>();
        if (!exchange.headers().containsKey("x-request-id")) {
            violations.add("no X-Request-Id");
        }
        Optional<String> operation = operation(exchange.method(), exchange.path());
        if (operation.isEmpty()) {
            if (exchange.status() < 400) {
                violations.add("nothing is described at this path, and yet it was answered");
            } else if (!exchange.method().equals("HEAD")) {
                String shape =
                        exchange.path().startsWith("/v1/messages") ? "AnthropicError" : "Error";
                checkJson(exchange.answerText(), "/components/schemas/" + shape, violations);
            }
            return violations;
        }
        checkRequest(exchange, operation.get(), violations);
        checkAnswer(exchange, operation.get(), violations);
        return violations;
    }

    /// What was taken must be described.
    private void checkRequest(
            RecordedExchange exchange, String operation, List<String> violations) {
        String schema = operation + "/requestBody/content/application~1json/schema";
        boolean isJson =
                RecordedExchange.mediaType(exchange.requestType()).equals("application/json");
        if (exchange.status() < 300 && isJson && !document.at(schema).isMissingNode()) {
            checkJson(exchange.requestText(), schema, violations);
        }
    }

    private void checkAnswer(RecordedExchange exchange, String operation, List<String> violations) {
        String response = operation + "/responses/" + exchange.status();
        JsonNode described = document.at(response);
        if (described.isMissingNode()) {
            violations.add("status %d is not described".formatted(exchange.status()));
            return;
        }
        if (described.has("$ref")) {
            response = described.get("$ref").textValue().substring(1);
        }
        String media =
                response
                        + "/content/"
                        + exchange.answerType().replace("~", "~0").replace("/", "~1");
        JsonNode content = document.at(media);
        if (content.isMissingNode()) {
            violations.add("content type %s is not described".formatted(exchange.answerType()));
        } else if (exchange.answerType().equals(EVENTS)) {
            checkEvents(exchange, media, violations);
        } else if (exchange.answerType().equals("application/json")) {
            checkJson(exchange.answerText(), media + "/schema", violations);
        }
    }

    private void checkEvents(RecordedExchange exchange, String media, List<String> violations) {
        JsonNode conventions = document.at(media + "/x-events");
        String end = conventions.path("end").asText("");
        String nameKey = conventions.path("name").asText("");
        List<SentEvent> events = SentEvent.of(exchange.answerText());
        boolean isEnded = false;
        for (SentEvent event : events) {
            if (isEnded) {
                violations.add("after the stream's end: " + event);
            }
            if (!end.isEmpty() && event.data().equals(end)) {
                isEnded = true;
                continue;
            }
            checkJson(event.data(), media + "/schema", violations);
            JsonNode data = read(event.data());
            String name = nameKey.isEmpty() ? "" : data.path(nameKey).asText();
            if (!event.name().equals(name)) {
                violations.add("the event's name is \"%s\": %s".formatted(event.name(), event));
            }
            isEnded =
                    end.isEmpty()
                            ? conventions
                                    .path("last")
                                    .valueStream()
                                    .anyMatch(last -> last.asText().equals(name))
                            : data.has("error");
        }
        if (exchange.whole() && !isEnded) {
            violations.add("the stream has no end");
        }
    }

    private void checkJson(String json, String schema, List<String> violations) {
        JsonNode value;
        try {
            value = JSON.readTree(json);
        } catch (JsonProcessingException e) {
            violations.add("no JSON: " + json);
            return;
        }
        Schema compiled =
                schemas.computeIfAbsent(
                        schema,
                        place -> registry.getSchema(SchemaLocation.of(ADDRESS + "#" + place)));
        compiled.validate(value).stream()
                .limit(MAX_TOLD)
                .map(error -> told(error, value))
                .forEach(violations::add);
    }

    private static String told(Error error, JsonNode value) {
        return "%s (%s) in %s".formatted(error, error.getSchemaLocation(), value);
    }

    /// Where the document has an operation, as a JSON pointer; a path without `{id}` goes before one with it.
    private Optional<String> operation(String method, String path) {
        return document.path("paths").properties().stream()
                .map(Map.Entry::getKey)
                .filter(template -> matches(template, path))
                .max((one, other) ->
                        one.contains("{") == other.contains("{")
                                ? Integer.compare(one.length(), other.length())
                                : Boolean.compare(other.contains("{"), one.contains("{")))
                .map(template ->
                        "/paths/%s/%s".formatted(template.replace("/", "~1"), method.toLowerCase()))
                .filter(pointer -> !document.at(pointer).isMissingNode());
    }

    private static boolean matches(String template, String path) {
        int at = template.indexOf("{id}");
        if (at < 0) {
            return template.equals(path);
        }
        return Pattern.matches(
                Pattern.quote(template.substring(0, at))
                        + ".+"
                        + Pattern.quote(template.substring(at + "{id}".length())),
                path);
    }

    private static JsonNode read(String json) {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("no JSON: " + json, e);
        }
    }
}
