package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Whether the branches of a `oneOf` exclude each other, so that what meets one meets no other: only then is it
/// the same as `anyOf`. Told by types, by values, and by properties that both require.
final class Exclusiveness {

    private static final int MAX_BRANCHES = 200; // all pairs are looked at
    private static final int MAX_DEPTH = 20;

    private final Compilation compilation;
    private final SchemaDocument document;

    Exclusiveness(Compilation compilation, SchemaDocument document) {
        this.compilation = compilation;
        this.document = document;
    }

    /// @throws io.moonglass.loader.fault.InvalidRequestException if two branches may have a value in common
    void check(JsonNode branches, String path) {
        if (branches.size() > MAX_BRANCHES) {
            throw compilation.refusedAt(
                    path,
                    "%,d branches, the limit is %d; use anyOf"
                            .formatted(branches.size(), MAX_BRANCHES));
        }
        for (int i = 0; i < branches.size(); i++) {
            for (int j = 0; j < i; j++) {
                compilation.checkTime();
                if (!excludeEachOther(branches.get(i), branches.get(j), path, 0)) {
                    throw compilation.refusedAt(
                            path + "." + i,
                            "may take what branch %d takes as well; use anyOf, or give both a required property with different const"
                                    .formatted(j));
                }
            }
        }
    }

    private boolean excludeEachOther(JsonNode one, JsonNode other, String path, int depth) {
        JsonNode first = resolved(one, path);
        JsonNode second = resolved(other, path);
        if (first.isBoolean() || second.isBoolean()) {
            return !first.asBoolean(true) || !second.asBoolean(true);
        }
        if (depth == MAX_DEPTH || !first.isObject() || !second.isObject()) {
            return false;
        }
        Set<JsonNode> values = values(first);
        Set<JsonNode> otherValues = values(second);
        if (values != null && otherValues != null) {
            values.retainAll(otherValues);
            return values.isEmpty();
        }
        return excludes(first, second, path, depth) && excludes(second, first, path, depth);
    }

    /// Whether nothing that is generated for one is valid for the other.
    private boolean excludes(JsonNode one, JsonNode other, String path, int depth) {
        Set<JsonType> common = EnumSet.copyOf(document.declaredTypes(one, path));
        if (!one.has("type")) {
            common.retainAll(SchemaKeywords.impliedTypes(one));
        }
        Set<JsonNode> values = values(one);
        if (values != null) {
            Set<JsonType> ofValues = EnumSet.noneOf(JsonType.class);
            values.forEach(value -> ofValues.add(JsonType.of(value)));
            common.retainAll(ofValues);
        }
        common.retainAll(document.declaredTypes(other, path));
        Set<JsonNode> otherValues = values(other);
        if (otherValues != null) {
            Set<JsonType> ofValues = EnumSet.noneOf(JsonType.class);
            otherValues.forEach(value -> ofValues.add(JsonType.of(value)));
            common.retainAll(ofValues);
        }
        common.remove(JsonType.OBJECT);
        return common.isEmpty() && objectsExclude(one, other, path, depth);
    }

    private boolean objectsExclude(JsonNode one, JsonNode other, String path, int depth) {
        boolean bothObjects =
                document.declaredTypes(one, path).contains(JsonType.OBJECT)
                        && document.declaredTypes(other, path).contains(JsonType.OBJECT)
                        && (one.has("type")
                                || SchemaKeywords.impliedTypes(one).contains(JsonType.OBJECT));
        if (!bothObjects || holdsNoObject(values(one)) || holdsNoObject(values(other))) {
            return true;
        }
        if (values(one) != null || values(other) != null) {
            return false;
        }
        for (Map.Entry<String, JsonNode> entry : one.path("properties").properties()) {
            JsonNode counterpart = other.path("properties").get(entry.getKey());
            if (counterpart != null
                    && requires(one, entry.getKey())
                    && requires(other, entry.getKey())
                    && excludeEachOther(entry.getValue(), counterpart, path, depth + 1)) {
                return true;
            }
        }
        return requiresForbidden(one, other) || requiresForbidden(other, one);
    }

    private static boolean holdsNoObject(Set<JsonNode> values) {
        return values != null && values.stream().noneMatch(JsonNode::isObject);
    }

    /// Whether a property has to be there that the other does not let be there.
    private static boolean requiresForbidden(JsonNode one, JsonNode other) {
        JsonNode additional = other.path("additionalProperties");
        if (!additional.isBoolean() || additional.booleanValue()) {
            return false;
        }
        for (JsonNode name : one.path("required")) {
            if (!other.path("properties").has(name.asText())) {
                return true;
            }
        }
        return false;
    }

    private static boolean requires(JsonNode schema, String property) {
        for (JsonNode name : schema.path("required")) {
            if (name.asText().equals(property)) {
                return true;
            }
        }
        return false;
    }

    /// The values of `enum` or `const`; null if the schema has neither.
    private static Set<JsonNode> values(JsonNode schema) {
        if (schema.has("const")) {
            return new HashSet<>(Set.of(comparable(schema.get("const"))));
        }
        if (!schema.has("enum")) {
            return null;
        }
        Set<JsonNode> values = new HashSet<>();
        schema.get("enum").forEach(value -> values.add(comparable(value)));
        return values;
    }

    /// Numbers are equal however they are written.
    private static JsonNode comparable(JsonNode value) {
        return value.isNumber() && SchemaValues.isFinite(value)
                ? DecimalNode.valueOf(value.decimalValue().stripTrailingZeros())
                : value;
    }

    private JsonNode resolved(JsonNode schema, String path) {
        JsonNode at = schema;
        for (int i = 0; i < MAX_DEPTH && at.has("$ref"); i++) {
            at = document.resolve(at.get("$ref"), path).schema();
        }
        return at;
    }
}
