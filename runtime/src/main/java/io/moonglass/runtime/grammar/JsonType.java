package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Types of JSON values, so cut that no two have a value in common: JSON Schema's `number` is integers and
/// fractions.
enum JsonType {
    OBJECT,
    ARRAY,
    STRING,
    INTEGER,
    FRACTION,
    BOOLEAN,
    NULL;

    static final Set<JsonType> NUMBER = Set.of(INTEGER, FRACTION);

    /// What a schema's `type` calls so.
    static Optional<Set<JsonType>> named(String name) {
        return switch (name) {
            case "object", "array", "string", "integer", "boolean", "null" ->
                    Optional.of(Set.of(valueOf(name.toUpperCase(Locale.ROOT))));
            case "number" -> Optional.of(NUMBER);
            default -> Optional.empty();
        };
    }

    static Set<JsonType> all() {
        return EnumSet.allOf(JsonType.class);
    }

    static JsonType of(JsonNode value) {
        return switch (value.getNodeType()) {
            case OBJECT, POJO -> OBJECT;
            case ARRAY -> ARRAY;
            case NUMBER ->
                    value.isIntegralNumber()
                                    || value.decimalValue().stripTrailingZeros().scale() <= 0
                            ? INTEGER
                            : FRACTION;
            case BOOLEAN -> BOOLEAN;
            case STRING, BINARY -> STRING;
            case NULL, MISSING -> NULL;
        };
    }
}
