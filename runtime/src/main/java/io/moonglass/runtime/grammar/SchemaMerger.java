package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// Makes one schema of two that both have to hold.
final class SchemaMerger {

    private static final int MAX_REFERENCES = 100; // inside each other
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final Compilation compilation;
    private final SchemaDocument document;

    SchemaMerger(Compilation compilation, SchemaDocument document) {
        this.compilation = compilation;
        this.document = document;
    }

    /// @param where the schema that holds the two, for messages
    /// @return `false` where the two contradict each other in their types
    JsonNode merge(JsonNode one, JsonNode other, String where) {
        return merge(one, other, where, 0);
    }

    private JsonNode merge(JsonNode one, JsonNode other, String where, int depth) {
        compilation.checkTime();
        if (one.isBoolean() || other.isBoolean()) {
            boolean bothHold = one.asBoolean(true) && other.asBoolean(true);
            return bothHold ? (one.isBoolean() ? other : one) : BooleanNode.FALSE;
        }
        if (!one.isObject() || !other.isObject()) {
            throw compilation.refusedAt(where, "want schemas, which are objects or booleans");
        }
        JsonNode first = withoutReference(one, where, depth);
        JsonNode second = withoutReference(other, where, depth);
        if (first.isBoolean() || second.isBoolean()) {
            return merge(first, second, where, depth);
        }
        if (isTuple(first) && isList(second) || isTuple(second) && isList(first)) {
            throw compilation.refusedAt(
                    where,
                    "prefixItems beside another schema's items is not supported; write one list");
        }
        ObjectNode merged = JSON.objectNode();
        merged.setAll((ObjectNode) first);
        for (Map.Entry<String, JsonNode> entry : second.properties()) {
            String keyword = entry.getKey();
            JsonNode present = first.get(keyword);
            if (present == null || SchemaKeywords.isAnnotation(keyword)) {
                merged.set(keyword, entry.getValue());
            } else if (!present.equals(entry.getValue())) {
                merged.set(keyword, both(keyword, present, entry.getValue(), where));
            }
        }
        mergeProperties(first, second, merged);
        boolean contradicts =
                first.has("type") && second.has("type") && merged.get("type").isEmpty();
        return contradicts && merged.get("type").isArray() ? BooleanNode.FALSE : merged;
    }

    private static boolean isTuple(JsonNode schema) {
        return schema.has("prefixItems");
    }

    private static boolean isList(JsonNode schema) {
        return schema.has("items") && !isTuple(schema);
    }

    private JsonNode withoutReference(JsonNode schema, String where, int depth) {
        JsonNode reference = schema.get("$ref");
        if (reference == null) {
            return schema;
        }
        if (depth == MAX_REFERENCES) {
            throw compilation.refusedAt(
                    where,
                    "references that lead to each other, more than %d times"
                            .formatted(MAX_REFERENCES));
        }
        JsonNode target = document.resolve(reference, where + ".$ref").schema();
        ObjectNode rest = schema.deepCopy();
        rest.remove("$ref");
        return merge(target, rest, where, depth + 1);
    }

    private JsonNode both(String keyword, JsonNode one, JsonNode other, String where) {
        return switch (keyword) {
            case "type" -> commonTypes(one, other, where);
            case "enum" -> commonValues(one, other);
            case "required" -> union(one, other);
            case "allOf" -> {
                ArrayNode all = JSON.arrayNode();
                one.forEach(all::add);
                other.forEach(all::add);
                yield all;
            }
            case "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties" ->
                    larger(one, other) ? one : other;
            case "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties" ->
                    larger(one, other) ? other : one;
            case "items" -> allOf(one, other);
            case "uniqueItems", "unevaluatedProperties" ->
                    BooleanNode.valueOf(one.asBoolean() && other.asBoolean());
            case "properties", "additionalProperties" ->
                    one; // afterwards, as they depend on each other
            case "const" -> {
                throw compilation.refusedAt(
                        where, "const is %s and %s; no answer can be both".formatted(one, other));
            }
            default ->
                    throw compilation.refusedAt(
                            where,
                            "two different values of %s that both have to hold are not supported; write one"
                                    .formatted(keyword));
        };
    }

    /// A property that one schema names and the other does not has to meet the other's `additionalProperties`.
    private static void mergeProperties(JsonNode one, JsonNode other, ObjectNode merged) {
        if (!one.has("properties")
                && !other.has("properties")
                && !(one.has("additionalProperties") && other.has("additionalProperties"))) {
            return;
        }
        ObjectNode properties = JSON.objectNode();
        addProperties(one, other, properties);
        addProperties(other, one, properties);
        if (one.has("properties") || other.has("properties")) {
            merged.set("properties", properties);
        }
        if (one.has("additionalProperties") && other.has("additionalProperties")) {
            merged.set(
                    "additionalProperties",
                    allOf(one.get("additionalProperties"), other.get("additionalProperties")));
        }
    }

    private static void addProperties(JsonNode of, JsonNode other, ObjectNode properties) {
        for (Map.Entry<String, JsonNode> entry : of.path("properties").properties()) {
            String name = entry.getKey();
            if (properties.has(name)) {
                continue;
            }
            JsonNode counterpart = other.path("properties").get(name);
            if (counterpart == null) {
                counterpart = other.get("additionalProperties");
            }
            properties.set(
                    name,
                    counterpart == null ? entry.getValue() : allOf(entry.getValue(), counterpart));
        }
    }

    private static JsonNode allOf(JsonNode one, JsonNode other) {
        if (one.equals(other) || other.isBoolean() && other.booleanValue()) {
            return one;
        }
        if (one.isBoolean()) {
            return one.booleanValue() ? other : one;
        }
        ObjectNode both = JSON.objectNode();
        both.putArray("allOf").add(one).add(other);
        return both;
    }

    private JsonNode commonTypes(JsonNode one, JsonNode other, String where) {
        ObjectNode holder = JSON.objectNode();
        Set<JsonType> common =
                EnumSet.copyOf(document.declaredTypes(holder.set("type", one), where));
        common.retainAll(document.declaredTypes(holder.set("type", other), where));
        ArrayNode names = JSON.arrayNode();
        for (JsonType type : common) {
            switch (type) {
                case FRACTION -> names.add("number");
                case INTEGER -> {
                    if (!common.contains(JsonType.FRACTION)) {
                        names.add("integer");
                    }
                }
                case OBJECT, ARRAY, STRING, BOOLEAN, NULL ->
                        names.add(type.name().toLowerCase(Locale.ROOT));
            }
        }
        return names;
    }

    private static JsonNode commonValues(JsonNode one, JsonNode other) {
        Set<JsonNode> common = new LinkedHashSet<>();
        one.forEach(common::add);
        Set<JsonNode> others = new LinkedHashSet<>();
        other.forEach(others::add);
        common.retainAll(others);
        return JSON.arrayNode().addAll(common);
    }

    private static JsonNode union(JsonNode one, JsonNode other) {
        Set<JsonNode> all = new LinkedHashSet<>();
        one.forEach(all::add);
        other.forEach(all::add);
        return JSON.arrayNode().addAll(all);
    }

    private static boolean larger(JsonNode one, JsonNode other) {
        return one.isNumber()
                && other.isNumber()
                && Double.compare(one.doubleValue(), other.doubleValue()) > 0;
    }
}
