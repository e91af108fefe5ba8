package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.runtime.grammar.Expression.Alternatives;
import io.moonglass.runtime.grammar.Expression.Literal;
import io.moonglass.runtime.grammar.Expression.Reference;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Makes rules of a JSON Schema (draft 2020-12) for the compact spelling of the values that it takes.
///
/// What is generated is always valid; not all that is valid is generated: properties come in the schema's order,
/// a schema without `type` means the types its keywords speak of, and an object that names properties has no
/// others unless `additionalProperties` says so. A keyword that decides and is not supported is refused.
///
/// Source: JSON Schema draft 2020-12, core and validation.
final class SchemaCompiler {

    private final Rules rules;
    private final Compilation compilation;
    private final SchemaDocument document;
    private final SchemaMerger merger;
    private final SchemaValues values;
    private final AnyJson any;
    private final ObjectRules objects;
    private final ArrayRules arrays;
    private final StringRules strings;
    private final NumberRules numbers;

    // By what they say, not by where they stand: schemas that refer to each other come to an end.
    private final Map<String, Expression> known = new HashMap<>();

    SchemaCompiler(Rules rules, SchemaDocument document, AnyJson any) {
        this.rules = rules;
        this.compilation = rules.compilation();
        this.document = document;
        this.merger = new SchemaMerger(compilation, document);
        this.values = new SchemaValues(compilation);
        this.any = any;
        this.objects = new ObjectRules(this, rules, values);
        this.arrays = new ArrayRules(this, rules, values);
        this.strings = new StringRules(compilation, values);
        this.numbers = new NumberRules(compilation, values);
    }

    /// What the whole schema takes.
    Expression compile() {
        return compile(document.root(), document.path());
    }

    /// What the whole schema takes, objects alone.
    Expression compileObject() {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        object.put("type", "object");
        JsonNode root = document.root();
        boolean isObject = root.path("type").asText().equals("object");
        return compile(
                isObject ? root : merger.merge(object, root, document.path()), document.path());
    }

    /// @param path where the schema stands in the request
    Expression compile(JsonNode schema, String path) {
        if (schema.isBoolean()) {
            return schema.booleanValue()
                    ? any.value()
                    : new Reference(rules.add(path, Expression.NOTHING));
        }
        if (!schema.isObject()) {
            throw compilation.refusedAt(path, "want a schema, which is an object or a boolean");
        }
        String key = schema.toString();
        Expression present = known.get(key);
        if (present == null) {
            int rule = rules.reserve(path);
            present = new Reference(rule);
            known.put(key, present);
            rules.define(rule, body(schema, path));
        }
        return present;
    }

    Expression anyString() {
        return any.of(Set.of(JsonType.STRING));
    }

    private Expression body(JsonNode schema, String path) {
        checkKeywords(schema, path);
        if (schema.has("$ref")) {
            return reference((ObjectNode) schema, path);
        }
        if (schema.has("allOf")) {
            JsonNode merged = without(schema, "allOf");
            JsonNode all = values.list(schema, "allOf", path);
            for (int i = 0; i < all.size(); i++) {
                merged = merger.merge(merged, all.get(i), path + ".allOf." + i);
            }
            return compile(merged, path);
        }
        for (String keyword : List.of("anyOf", "oneOf")) {
            if (schema.has(keyword)) {
                return anyOf(schema, keyword, path);
            }
        }
        if (schema.has("enum") || schema.has("const")) {
            return literals(schema, path);
        }
        return ofTypes(schema, path);
    }

    private void checkKeywords(JsonNode schema, String path) {
        for (Map.Entry<String, JsonNode> entry : schema.properties()) {
            if (!SchemaKeywords.isSupported(entry.getKey())) {
                throw compilation.refusedAt(
                        path + "." + entry.getKey(),
                        "this keyword is not supported; leave it out, or say the same with others");
            }
        }
    }

    private Expression reference(ObjectNode schema, String path) {
        SchemaDocument.Located target = document.resolve(schema.get("$ref"), path + ".$ref");
        JsonNode rest = without(schema, "$ref");
        return SchemaKeywords.isOnlyAnnotations(rest)
                ? compile(target.schema(), target.path())
                : compile(merger.merge(target.schema(), rest, path), path);
    }

    private Expression anyOf(JsonNode schema, String keyword, String path) {
        JsonNode branches = values.list(schema, keyword, path);
        if (keyword.equals("oneOf")) {
            new Exclusiveness(compilation, document).check(branches, path + ".oneOf");
        }
        JsonNode rest = without(schema, keyword);
        boolean restDecides = !SchemaKeywords.isOnlyAnnotations(rest);
        List<Expression> options = new ArrayList<>();
        for (int i = 0; i < branches.size(); i++) {
            String branchPath = path + "." + keyword + "." + i;
            JsonNode branch = branches.get(i);
            options.add(
                    compile(
                            restDecides ? merger.merge(rest, branch, branchPath) : branch,
                            branchPath));
        }
        return new Alternatives(options);
    }

    private static JsonNode without(JsonNode schema, String keyword) {
        ObjectNode rest = JsonNodeFactory.instance.objectNode();
        schema.properties().forEach(entry -> rest.set(entry.getKey(), entry.getValue()));
        rest.remove(keyword);
        return rest;
    }

    private Expression literals(JsonNode schema, String path) {
        Set<JsonType> types = document.declaredTypes(schema, path);
        List<JsonNode> candidates = new ArrayList<>();
        if (schema.has("enum")) {
            values.list(schema, "enum", path).forEach(candidates::add);
        }
        if (schema.has("const")) {
            JsonNode only = schema.get("const");
            if (schema.has("enum") && !candidates.contains(only)) {
                throw compilation.refusedAt(path + ".const", "is not among the values of enum");
            }
            candidates = List.of(only);
        }
        List<Expression> literals = new ArrayList<>();
        Set<JsonType> used = EnumSet.noneOf(JsonType.class);
        for (JsonNode candidate : candidates) {
            compilation.checkTime();
            checkFinite(candidate, path);
            JsonType type = JsonType.of(candidate);
            if (types.contains(type)) {
                String json = candidate.toString();
                values.checkText(json, path);
                literals.add(new Literal(json));
                used.add(type);
            }
        }
        if (literals.isEmpty()) {
            throw compilation.refusedAt(
                    path, "no value of enum or const has the type; no answer meets both");
        }
        for (Map.Entry<String, JsonNode> entry : schema.properties()) {
            for (JsonType type : SchemaKeywords.typesOf(entry.getKey())) {
                if (used.contains(type)) {
                    throw compilation.refusedAt(
                            path + "." + entry.getKey(),
                            "is not supported beside enum or const; leave out the values that it forbids");
                }
            }
        }
        return new Alternatives(literals);
    }

    private void checkFinite(JsonNode value, String path) {
        if (value.isNumber() && !SchemaValues.isFinite(value)) {
            throw compilation.refusedAt(path, "a number that is too large to be written");
        }
        for (JsonNode member : value) {
            checkFinite(member, path);
        }
    }

    private Expression ofTypes(JsonNode schema, String path) {
        Set<JsonType> types = EnumSet.copyOf(document.declaredTypes(schema, path));
        if (!schema.has("type")) {
            types.retainAll(SchemaKeywords.impliedTypes(schema));
        }
        List<Expression> options = new ArrayList<>();
        Set<JsonType> plain = EnumSet.noneOf(JsonType.class);
        Set<JsonType> restricted = restrictedTypes(schema);
        for (JsonType type : types) {
            if (!restricted.contains(type)) {
                plain.add(type);
            } else if (type != JsonType.INTEGER || !types.contains(JsonType.FRACTION)) {
                options.add(restricted(type, schema, path));
            }
        }
        if (plain.equals(JsonType.all())) {
            return any.value();
        }
        if (!plain.isEmpty()) {
            options.add(any.of(plain));
        }
        return options.size() == 1 ? options.getFirst() : new Alternatives(options);
    }

    private static Set<JsonType> restrictedTypes(JsonNode schema) {
        Set<JsonType> types = EnumSet.noneOf(JsonType.class);
        schema.properties().forEach(entry -> types.addAll(SchemaKeywords.typesOf(entry.getKey())));
        return types;
    }

    private Expression restricted(JsonType type, JsonNode schema, String path) {
        return switch (type) {
            case OBJECT -> objects.object(schema, path);
            case ARRAY -> arrays.array(schema, path);
            case STRING -> strings.string(schema, path);
            case INTEGER -> numbers.number(schema, path, true);
            case FRACTION -> numbers.number(schema, path, false);
            case BOOLEAN, NULL -> any.of(Set.of(type));
        };
    }
}
