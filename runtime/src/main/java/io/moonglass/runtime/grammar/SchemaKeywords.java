package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/// Which keywords of JSON Schema mean what here: those that are kept to, those that change nothing; whatever is
/// in neither list is refused.
final class SchemaKeywords {

    /// What describes and does not decide.
    private static final Set<String> ANNOTATIONS =
            Set.of(
                    "$schema",
                    "$id",
                    "$comment",
                    "$vocabulary",
                    "$anchor",
                    "$defs",
                    "definitions",
                    "title",
                    "description",
                    "default",
                    "example",
                    "examples",
                    "deprecated",
                    "readOnly",
                    "writeOnly",
                    "contentMediaType",
                    "contentEncoding",
                    "contentSchema",
                    "discriminator",
                    "externalDocs",
                    "xml",
                    "propertyOrdering");

    /// Of any type.
    private static final Set<String> GENERAL =
            Set.of("type", "enum", "const", "$ref", "allOf", "anyOf", "oneOf");

    private static final Map<String, Set<JsonType>> TYPED = new LinkedHashMap<>();

    static {
        for (String keyword :
                "properties required additionalProperties unevaluatedProperties minProperties maxProperties"
                        .split(" ")) {
            TYPED.put(keyword, Set.of(JsonType.OBJECT));
        }
        for (String keyword : "items prefixItems minItems maxItems uniqueItems".split(" ")) {
            TYPED.put(keyword, Set.of(JsonType.ARRAY));
        }
        for (String keyword : "pattern format minLength maxLength".split(" ")) {
            TYPED.put(keyword, Set.of(JsonType.STRING));
        }
        for (String keyword :
                "minimum maximum exclusiveMinimum exclusiveMaximum multipleOf".split(" ")) {
            TYPED.put(keyword, JsonType.NUMBER);
        }
    }

    private SchemaKeywords() {}

    static boolean isAnnotation(String keyword) {
        return ANNOTATIONS.contains(keyword) || keyword.startsWith("x-");
    }

    static boolean isSupported(String keyword) {
        return isAnnotation(keyword) || GENERAL.contains(keyword) || TYPED.containsKey(keyword);
    }

    /// The types that a keyword says something about; empty for one that speaks of all.
    static Set<JsonType> typesOf(String keyword) {
        return TYPED.getOrDefault(keyword, Set.of());
    }

    /// Whether nothing in a schema decides anything.
    static boolean isOnlyAnnotations(JsonNode schema) {
        return schema.properties().stream().allMatch(entry -> isAnnotation(entry.getKey()));
    }

    /// The types that a schema without `type` is taken to mean: those its keywords speak of, or all.
    static Set<JsonType> impliedTypes(JsonNode schema) {
        Set<JsonType> types = EnumSet.noneOf(JsonType.class);
        for (Map.Entry<String, JsonNode> entry : schema.properties()) {
            types.addAll(typesOf(entry.getKey()));
        }
        return types.isEmpty() ? JsonType.all() : types;
    }
}
