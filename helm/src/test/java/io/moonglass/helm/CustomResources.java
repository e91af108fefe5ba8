package io.moonglass.helm;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Definitions of custom resources, by which their objects are checked. They are others' data and not a part of the
/// project, so they may be missing.
final class CustomResources {

    private static final Path FOLDER = Path.of("../../shared/crds");

    /// The Gateway API's definitions are not at hand; its one object here is small, and read by people.
    private static final List<String> UNCHECKED = List.of("gateway.networking.k8s.io/v1 HTTPRoute");

    private final Map<String, Schema> schemas = new HashMap<>();

    private CustomResources() {}

    /// The definitions; a test without them is skipped.
    static CustomResources orSkip() throws IOException {
        assumeTrue(
                Files.isDirectory(FOLDER),
                "no definitions of custom resources in %s; they are not checked".formatted(FOLDER));
        CustomResources definitions = new CustomResources();
        try (Stream<Path> files = Files.list(FOLDER)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".yaml")).sorted().toList()) {
                definitions.add(Chart.YAML.readTree(file.toFile()));
            }
        }
        return definitions;
    }

    /// @throws AssertionError if the object does not keep to its definition, or has none
    void check(JsonNode manifest) {
        String id = manifest.path("apiVersion").asText() + " " + Rendering.kind(manifest);
        if (UNCHECKED.contains(id)) {
            return;
        }
        Schema schema = schemas.get(id);
        if (schema == null) {
            throw new AssertionError("there is no definition of " + id);
        }
        var faults = schema.validate(manifest);
        if (!faults.isEmpty()) {
            throw new AssertionError("%s %s: %s".formatted(id, Rendering.name(manifest), faults));
        }
    }

    private void add(JsonNode definition) {
        String group = definition.at("/spec/group").asText();
        String kind = definition.at("/spec/names/kind").asText();
        SchemaRegistry registry =
                SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
        for (JsonNode version : definition.at("/spec/versions")) {
            JsonNode schema = version.at("/schema/openAPIV3Schema").deepCopy();
            close(schema);
            schemas.put(
                    "%s/%s %s".formatted(group, version.path("name").asText(), kind),
                    registry.getSchema(schema));
        }
    }

    /// Kubernetes drops fields that it does not know; here they are faults.
    private static void close(JsonNode schema) {
        JsonNode properties = schema.path("properties");
        if (properties.isObject()
                && !schema.has("additionalProperties")
                && !schema.path("x-kubernetes-preserve-unknown-fields").asBoolean()) {
            ((ObjectNode) schema).put("additionalProperties", false);
        }
        properties.forEach(CustomResources::close);
        close(schema, "items");
        close(schema, "additionalProperties");
    }

    private static void close(JsonNode schema, String key) {
        if (schema.path(key).isObject()) {
            close(schema.get(key));
        }
    }
}
