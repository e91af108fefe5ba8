package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import io.moonglass.runtime.grammar.Expression.Finite;
import io.moonglass.runtime.grammar.Expression.Literal;
import io.moonglass.runtime.grammar.Expression.Reference;
import io.moonglass.runtime.grammar.Expression.Repetition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Objects: properties in the schema's order, the optional ones there or not, then others if there may be any.
final class ObjectRules {

    private final SchemaCompiler schemas;
    private final Rules rules;
    private final Compilation compilation;
    private final SchemaValues values;

    ObjectRules(SchemaCompiler schemas, Rules rules, SchemaValues values) {
        this.schemas = schemas;
        this.rules = rules;
        this.compilation = rules.compilation();
        this.values = values;
    }

    /// @param expression the property with its name
    private record Property(Expression expression, boolean isRequired) {}

    /// What may come from a property on, after a number of others: a chain of rules, each the last thing of the
    /// one before it.
    private final class Chain {

        private final String path;
        private final List<Property> properties;
        private final Expression additional; // null for none
        private final int min;
        private final int max;
        private final Map<Long, Reference> known = new HashMap<>();

        private Chain(
                String path, List<Property> properties, Expression additional, int min, int max) {
            this.path = path;
            this.properties = properties;
            this.additional = additional;
            this.min = min;
            this.max = max;
        }

        /// @param count how many properties are written, as far as it matters
        private Expression from(int index, int count) {
            return index == properties.size() ? end(count) : rule(index, count);
        }

        private Reference rule(int index, int count) {
            long key = (long) index << Integer.SIZE | count;
            Reference present = known.get(key);
            if (present == null) {
                int rule = rules.reserve(path);
                present = new Reference(rule);
                known.put(key, present);
            }
            return present;
        }

        /// Defines all rules, last properties first.
        private Expression whole() {
            int numCounts = counted(properties.size()) + 1;
            for (int index = properties.size() - 1; index >= 0; index--) {
                for (int count = 0; count < Math.min(numCounts, index + 1); count++) {
                    rules.define(rule(index, count).rule(), body(index, count));
                }
            }
            return Expression.sequence(new Literal("{"), from(0, 0), new Literal("}"));
        }

        private Expression body(int index, int count) {
            Property property = properties.get(index);
            List<Expression> options = new ArrayList<>();
            if (max == Expression.UNBOUNDED || count < max) {
                Expression separator = count == 0 ? Expression.EMPTY : JsonText.COMMA;
                options.add(
                        Expression.sequence(
                                separator,
                                property.expression,
                                from(index + 1, counted(count + 1))));
            }
            if (!property.isRequired) {
                options.add(from(index + 1, count));
            }
            return new Expression.Alternatives(options);
        }

        /// Counts matter up to the bounds, and whether there is a first one.
        private int counted(int count) {
            return Math.min(count, max == Expression.UNBOUNDED ? Math.max(min, 1) : max);
        }

        /// Others can have the same name twice, so that they count for one at least, not for more.
        private Expression end(int count) {
            int missing = Math.max(0, min - count);
            int room = max == Expression.UNBOUNDED ? max : max - count;
            if (additional == null || room == 0) {
                return missing == 0 ? Expression.EMPTY : Expression.NOTHING;
            }
            if (missing > 1) {
                return Expression.NOTHING;
            }
            Expression following = Expression.sequence(JsonText.COMMA, additional);
            if (count > 0) {
                return new Repetition(following, missing, room);
            }
            int more = room == Expression.UNBOUNDED ? room : room - 1;
            Expression some = Expression.sequence(additional, new Repetition(following, 0, more));
            return missing == 0 ? Expression.optional(some) : some;
        }
    }

    Expression object(JsonNode schema, String path) {
        Map<String, JsonNode> named = new LinkedHashMap<>();
        JsonNode properties = schema.path("properties");
        if (!properties.isMissingNode() && !properties.isObject()) {
            throw values.wrong(path, "properties", properties, "want an object of schemas");
        }
        properties.properties().forEach(entry -> named.put(entry.getKey(), entry.getValue()));
        JsonNode others = others(schema, path);
        Set<String> required = required(schema, path);
        for (String name : required) {
            if (!named.containsKey(name)) {
                named.put(name, undeclared(name, schema, path));
            }
        }
        List<Property> list = new ArrayList<>();
        named.forEach((name, value) -> {
            String propertyPath = path + ".properties." + name;
            values.checkText(name, propertyPath);
            if (required.contains(name) && value.isBoolean() && !value.booleanValue()) {
                throw compilation.refusedAt(
                        propertyPath, "is required and may not be there; no answer can meet this");
            }
            list.add(
                    new Property(
                            Expression.sequence(
                                    new Literal(JsonText.quoted(name)),
                                    JsonText.COLON,
                                    schemas.compile(value, propertyPath)),
                            required.contains(name)));
        });
        int min = values.atLeast(schema, "minProperties", path);
        int max = values.atMost(schema, "maxProperties", "minProperties", path);
        boolean hasOthers = !(others.isBoolean() && !others.booleanValue());
        checkCounts(schema, path, list.size(), required.size(), min, max, hasOthers);
        Expression additional =
                hasOthers
                        ? Expression.sequence(
                                otherName(named.keySet(), path),
                                JsonText.COLON,
                                schemas.compile(others, path + ".additionalProperties"))
                        : null;
        return new Chain(path, list, additional, min, max).whole();
    }

    /// The schema of properties that are not named; `false` for none.
    private JsonNode others(JsonNode schema, String path) {
        JsonNode additional = schema.get("additionalProperties");
        JsonNode unevaluated = schema.get("unevaluatedProperties");
        if (unevaluated != null && !unevaluated.isBoolean()) {
            throw values.wrong(
                    path,
                    "unevaluatedProperties",
                    unevaluated,
                    "only true and false are supported");
        }
        if (additional != null) {
            return additional;
        }
        boolean none =
                schema.has("properties") || unevaluated != null && !unevaluated.booleanValue();
        return BooleanNode.valueOf(!none);
    }

    private Set<String> required(JsonNode schema, String path) {
        Set<String> names = new LinkedHashSet<>();
        JsonNode required = schema.get("required");
        if (required != null && !required.isArray()) {
            throw values.wrong(path, "required", required, "want a list of names");
        }
        for (JsonNode name : schema.path("required")) {
            if (!name.isTextual()) {
                throw values.wrong(path, "required", required, "want a list of names");
            }
            names.add(name.textValue());
        }
        return names;
    }

    /// The schema of a property that is required and not named.
    private JsonNode undeclared(String name, JsonNode schema, String path) {
        JsonNode additional = schema.get("additionalProperties");
        boolean isForbidden =
                additional != null && additional.isBoolean() && !additional.booleanValue()
                        || schema.has("unevaluatedProperties")
                                && !schema.get("unevaluatedProperties").booleanValue();
        if (isForbidden) {
            throw compilation.refusedAt(
                    path + ".required",
                    "%s is not among the properties, and no others may be there; add it"
                            .formatted(Compilation.quoted(name)));
        }
        return additional == null ? BooleanNode.TRUE : additional;
    }

    private void checkCounts(
            JsonNode schema,
            String path,
            int numNamed,
            int numRequired,
            int min,
            int max,
            boolean hasOthers) {
        if (min > numNamed + (hasOthers ? 1 : 0)) {
            throw values.wrong(
                    path,
                    "minProperties",
                    schema.get("minProperties"),
                    hasOthers
                            ? "more than one beyond those in properties is not supported, as their names could be equal"
                            : "there are %d properties; ask for no more".formatted(numNamed));
        }
        if (numRequired > max) {
            throw values.wrong(
                    path,
                    "maxProperties",
                    schema.get("maxProperties"),
                    "%d properties are required; no answer meets both".formatted(numRequired));
        }
    }

    /// Any string but the names that have schemas of their own.
    private Expression otherName(Set<String> names, String path) {
        if (names.isEmpty()) {
            return schemas.anyString();
        }
        Expression character = JsonText.character(CodePoints.ALL);
        List<Expression> taken = new ArrayList<>();
        names.forEach(name -> taken.add(new Literal(JsonText.quoted(name))));
        Expression name =
                new Finite(
                        Products.difference(
                                compilation,
                                JsonText.string(Expression.anyNumberOf(character)),
                                new Expression.Alternatives(taken)));
        return new Reference(rules.add(path, name));
    }
}
