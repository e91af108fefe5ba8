package io.moonglass.runtime.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Random;

/// Draws schemas of everything that is supported, up to some depth.
final class RandomSchemas {

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String[] FORMATS = {
        "date-time", "date", "time", "duration", "hostname", "ipv4", "ipv6", "uuid", "uri"
    };
    private static final String[] PATTERNS = {
        "^[A-Z]{2}-\\d{3}$",
        "colou?r",
        "^\\S+$",
        "\\p{Lu}",
        "^(a|b\"|\\\\)+$",
        ".\\.",
        "^\\w*$",
        "[^é]$",
        "^x|y$"
    };
    private static final String[] NAMES = {"a", "b\"", "é", "name", "名", "x y", "", "ab"};

    private final Random random;

    RandomSchemas(long seed) {
        this.random = new Random(seed);
    }

    JsonNode next() {
        ObjectNode root = object(3);
        ObjectNode definitions = root.putObject("$defs");
        definitions.set("small", schema(0));
        ObjectNode list = definitions.putObject("list");
        list.put("type", "object").put("additionalProperties", false);
        list.putObject("properties").set("value", schema(0));
        ArrayNode next = ((ObjectNode) list.get("properties")).putObject("next").putArray("anyOf");
        next.addObject().put("$ref", "#/$defs/list");
        next.addObject().put("type", "null");
        list.putArray("required").add("next");
        return root;
    }

    private ObjectNode schema(int depth) {
        return switch (random.nextInt(depth == 0 ? 6 : 11)) {
            case 0, 1 -> string();
            case 2, 3 -> number();
            case 4 -> type(random.nextBoolean() ? "boolean" : "null");
            case 5 -> values();
            case 6 -> reference();
            case 7 -> array(depth - 1);
            case 8 -> anyOf(depth - 1);
            case 9 -> allOf(depth - 1);
            default -> object(depth - 1);
        };
    }

    private static ObjectNode type(String name) {
        return JSON.objectNode().put("type", name);
    }

    private ObjectNode string() {
        ObjectNode schema = type("string");
        switch (random.nextInt(5)) {
            case 0 -> schema.put("format", FORMATS[random.nextInt(FORMATS.length)]);
            case 1 -> schema.put("pattern", PATTERNS[random.nextInt(PATTERNS.length)]);
            case 2 -> {
                int min = random.nextInt(4);
                schema.put("minLength", min).put("maxLength", min + random.nextInt(40));
            }
            case 3 ->
                    schema.put("pattern", "^[a-z 0-9]+$").put("minLength", 3).put("maxLength", 20);
            default -> schema.put("description", "any");
        }
        return schema;
    }

    private ObjectNode number() {
        boolean isInteger = random.nextBoolean();
        ObjectNode schema = type(isInteger ? "integer" : "number");
        double low =
                isInteger ? random.nextInt(2000) - 1000 : (random.nextInt(20000) - 10000) / 100.0;
        double high =
                low + (isInteger ? 30 + random.nextInt(100) : random.nextInt(1000) / 8.0 + 0.5);
        if (random.nextBoolean()) {
            schema.put(random.nextBoolean() ? "minimum" : "exclusiveMinimum", low);
        }
        if (random.nextBoolean()) {
            schema.put(random.nextBoolean() ? "maximum" : "exclusiveMaximum", high);
        }
        if (random.nextInt(3) == 0) {
            schema.put("multipleOf", isInteger ? 1 + random.nextInt(12) : 0.25);
        }
        return schema;
    }

    private ObjectNode values() {
        ObjectNode schema = JSON.objectNode();
        if (random.nextBoolean()) {
            schema.put("const", NAMES[random.nextInt(NAMES.length)]);
        } else {
            schema.putArray("enum")
                    .add("red")
                    .add(3)
                    .add(1.5)
                    .addNull()
                    .add(false)
                    .addObject()
                    .put("k", 1);
        }
        return schema;
    }

    private ObjectNode reference() {
        return JSON.objectNode()
                .put("$ref", random.nextBoolean() ? "#/$defs/small" : "#/$defs/list");
    }

    private ObjectNode array(int depth) {
        ObjectNode schema = type("array");
        if (random.nextInt(3) == 0) {
            ArrayNode prefix = schema.putArray("prefixItems");
            prefix.add(schema(depth));
            prefix.add(schema(depth));
            schema.put("items", false);
        } else {
            schema.set("items", schema(depth));
            schema.put("minItems", random.nextInt(3)).put("maxItems", 2 + random.nextInt(3));
        }
        return schema;
    }

    private ObjectNode anyOf(int depth) {
        ObjectNode schema = JSON.objectNode();
        ArrayNode branches = schema.putArray("anyOf");
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            branches.add(schema(depth));
        }
        return schema;
    }

    private ObjectNode allOf(int depth) {
        ObjectNode schema = JSON.objectNode();
        ArrayNode parts = schema.putArray("allOf");
        ObjectNode first = type("object");
        first.putObject("properties").set("left", schema(depth));
        ObjectNode second = type("object");
        second.putObject("properties").set("right", schema(depth));
        second.putArray("required").add("right");
        parts.add(first).add(second);
        return schema;
    }

    private ObjectNode object(int depth) {
        ObjectNode schema = type("object");
        ObjectNode properties = schema.putObject("properties");
        ArrayNode required = schema.putArray("required");
        for (int i = random.nextInt(5); i > 0; i--) {
            String name = NAMES[random.nextInt(NAMES.length)];
            if (!properties.has(name) && random.nextBoolean()) {
                required.add(name);
            }
            properties.set(name, schema(depth));
        }
        switch (random.nextInt(3)) {
            case 0 -> schema.set("additionalProperties", schema(0));
            case 1 -> schema.put("additionalProperties", false);
            default -> schema.put("minProperties", Math.min(properties.size(), 2));
        }
        return schema;
    }
}
