package io.moonglass.clients.schema;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// Adds what a [Constraint] says to the schema of a component.
final class ConstraintWriter {

    private ConstraintWriter() {}

    /// @param schema of the component, perhaps one or null
    /// @param where  the component
    /// @throws IllegalArgumentException if the component's type cannot have such a constraint
    static void add(ObjectNode schema, Constraint constraint, String where) {
        ObjectNode held = schema.has("anyOf") ? (ObjectNode) schema.get("anyOf").get(0) : schema;
        boolean isPlain = !held.has("format") && !held.has("pattern") && !held.has("enum");
        ObjectNode numbers = ofNumbers(constraint);
        ObjectNode texts = ofTexts(constraint);
        ObjectNode lists = ofLists(constraint);
        String type = held.path("type").asText();
        boolean isNumber = type.equals("integer") || type.equals("number");
        boolean fits =
                (numbers.isEmpty() || isNumber)
                        && (texts.isEmpty() || type.equals("string") && isPlain)
                        && (lists.isEmpty() || type.equals("array"));
        if (!fits) {
            throw new IllegalArgumentException(
                    "%s: a constraint that its type cannot have; want bounds for numbers, lengths or a pattern for texts, counts of items for lists"
                            .formatted(where));
        }
        held.setAll(numbers);
        held.setAll(texts);
        held.setAll(lists);
    }

    private static ObjectNode ofNumbers(Constraint constraint) {
        ObjectNode said = JsonNodeFactory.instance.objectNode();
        putBound(said, "minimum", constraint.minimum());
        putBound(said, "maximum", constraint.maximum());
        return said;
    }

    private static ObjectNode ofTexts(Constraint constraint) {
        ObjectNode said = JsonNodeFactory.instance.objectNode();
        putCount(said, "minLength", constraint.minLength(), 0);
        putCount(said, "maxLength", constraint.maxLength(), Integer.MAX_VALUE);
        return constraint.pattern().isEmpty() ? said : said.put("pattern", constraint.pattern());
    }

    private static ObjectNode ofLists(Constraint constraint) {
        ObjectNode said = JsonNodeFactory.instance.objectNode();
        putCount(said, "minItems", constraint.minItems(), 0);
        putCount(said, "maxItems", constraint.maxItems(), Integer.MAX_VALUE);
        return said;
    }

    private static void putCount(ObjectNode said, String key, int value, int none) {
        if (value != none) {
            said.put(key, value);
        }
    }

    /// Whole numbers without a point, as bounds of whole numbers are written.
    private static void putBound(ObjectNode said, String key, double value) {
        if (Double.isFinite(value)) {
            boolean isWhole = value == Math.rint(value) && Math.abs(value) < 1L << 53;
            if (isWhole) {
                said.put(key, (long) value);
            } else {
                said.put(key, value);
            }
        }
    }
}
