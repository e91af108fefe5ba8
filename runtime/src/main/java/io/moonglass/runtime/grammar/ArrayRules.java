package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import io.moonglass.runtime.grammar.Expression.Literal;
import io.moonglass.runtime.grammar.Expression.Reference;
import io.moonglass.runtime.grammar.Expression.Repetition;

/// Arrays: the first elements by `prefixItems`, the others by `items`.
final class ArrayRules {

    private final SchemaCompiler schemas;
    private final Rules rules;
    private final Compilation compilation;
    private final SchemaValues values;

    ArrayRules(SchemaCompiler schemas, Rules rules, SchemaValues values) {
        this.schemas = schemas;
        this.rules = rules;
        this.compilation = rules.compilation();
        this.values = values;
    }

    Expression array(JsonNode schema, String path) {
        JsonNode unique = schema.get("uniqueItems");
        if (unique != null && !(unique.isBoolean() && !unique.booleanValue())) {
            throw values.wrong(
                    path, "uniqueItems", unique, "only false is supported; leave it out");
        }
        int min = values.atLeast(schema, "minItems", path);
        int max = values.atMost(schema, "maxItems", "minItems", path);
        boolean hasPrefix = schema.has("prefixItems");
        JsonNode prefix =
                hasPrefix ? values.list(schema, "prefixItems", path) : schema.path("prefixItems");
        Expression item = others(schema, path, min > prefix.size());
        if (item == null) {
            if (min > prefix.size()) {
                throw values.wrong(
                        path,
                        "minItems",
                        schema.get("minItems"),
                        "there can be %d elements; ask for no more".formatted(prefix.size()));
            }
            max = Math.min(max, prefix.size());
        }
        return Expression.sequence(
                new Literal("["), elements(prefix, item, min, max, path), new Literal("]"));
    }

    /// What comes after the first elements; null for nothing. After a prefix, only what the schema asks for does.
    private Expression others(JsonNode schema, String path, boolean needed) {
        JsonNode items = schema.get("items");
        if (items == null) {
            return schema.has("prefixItems") && !needed
                    ? null
                    : schemas.compile(BooleanNode.TRUE, path);
        }
        if (items.isArray()) {
            throw compilation.refusedAt(
                    path + ".items",
                    "a list of schemas is prefixItems since draft 2020-12; write that");
        }
        return items.isBoolean() && !items.booleanValue()
                ? null
                : schemas.compile(items, path + ".items");
    }

    /// Back to front: each rule is an element and the rules after it.
    private Expression elements(JsonNode prefix, Expression item, int min, int max, String path) {
        int numFirst = Math.min(prefix.size(), max);
        Expression rest = Expression.EMPTY;
        if (item != null && max > numFirst) {
            rest = list(item, numFirst > 0, Math.max(0, min - numFirst), minus(max, numFirst));
        }
        for (int i = numFirst - 1; i >= 0; i--) {
            Expression separator = i == 0 ? Expression.EMPTY : JsonText.COMMA;
            Expression element = schemas.compile(prefix.get(i), path + ".prefixItems." + i);
            Expression from = Expression.sequence(separator, element, rest);
            rest = new Reference(rules.add(path, i < min ? from : Expression.optional(from)));
        }
        return rest;
    }

    private static Expression list(Expression item, boolean continues, int min, int max) {
        Expression following = Expression.sequence(JsonText.COMMA, item);
        if (continues) {
            return new Repetition(following, min, max);
        }
        Expression some =
                Expression.sequence(
                        item, new Repetition(following, Math.max(0, min - 1), minus(max, 1)));
        return min == 0 ? Expression.optional(some) : some;
    }

    private static int minus(int max, int count) {
        return max == Expression.UNBOUNDED ? max : max - count;
    }
}
