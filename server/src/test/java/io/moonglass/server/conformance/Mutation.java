package io.moonglass.server.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// One way to spoil a request's body.
///
/// @param place which of the body's values is spoilt, from 0; counted again from the first after the last
record Mutation(Kind kind, int place, JsonNode value) {

    enum Kind {
        /// Another value takes its place.
        REPLACE,
        REMOVE,
        /// A key that nobody knows stands beside it, or one more item.
        ADD,
        /// It is put into a list.
        WRAP,
        /// A value of the body that is another field's.
        SWAP
    }

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /// What readers may not expect.
    static List<JsonNode> values() {
        List<JsonNode> values = new ArrayList<>();
        values.add(JSON.nullNode());
        values.add(JSON.booleanNode(true));
        values.add(JSON.booleanNode(false));
        for (long number : new long[] {0, -1, 1, 17, 1_000_000, 1L << 31, Long.MIN_VALUE}) {
            values.add(JSON.numberNode(number));
        }
        values.add(JSON.numberNode(BigInteger.TWO.pow(64)));
        values.add(JSON.numberNode(0.5));
        values.add(JSON.numberNode(-1e308));
        values.add(JSON.numberNode(new BigDecimal("1e400")));
        values.add(JSON.numberNode(1e-320));
        Stream.of(
                        "",
                        " ",
                        "\u0000",
                        "\ud83d", // half an emoji
                        "\udc00 the other half",
                        "\u202eemitlla",
                        "a".repeat(20_000),
                        "☾".repeat(300),
                        "auto",
                        "required",
                        "<|media_pad|>",
                        "<|im_end|>",
                        "<tool_call>{\"name\": \"f\"",
                        "{{ messages }}",
                        "data:",
                        "data:image/png;base64,",
                        "data:image/png;base64,%%%%",
                        "data:image/svg+xml,<svg/>",
                        "http://127.0.0.1/",
                        "http://169.254.169.254/latest",
                        "file:///etc/passwd",
                        "file-" + "0".repeat(32),
                        "sha256:" + "0".repeat(64),
                        "../../etc/passwd",
                        "resp_" + "0".repeat(32),
                        "((a*)*)*b",
                        "a{1000000}",
                        "(?=a)b",
                        "[",
                        "(".repeat(5_000),
                        "root ::= root \"a\"",
                        "root ::= missing",
                        "NaN")
                .map(JSON::textNode)
                .forEach(values::add);
        values.add(JSON.arrayNode());
        values.add(JSON.objectNode());
        values.add(JSON.arrayNode().add(JSON.arrayNode()));
        values.add(JSON.objectNode().set("", JSON.objectNode()));
        values.add(nested(200));
        ArrayNode many = JSON.arrayNode();
        for (int i = 0; i < 5_000; i++) {
            many.add(i);
        }
        values.add(many);
        ArrayNode texts = JSON.arrayNode();
        for (int i = 0; i < 2_000; i++) {
            texts.add("t" + i);
        }
        values.add(texts);
        values.add(JSON.objectNode().put("$ref", "#"));
        values.add(JSON.objectNode().put("$ref", "https://example.com/schema"));
        values.add(JSON.objectNode().put("type", "nonsense"));
        values.add(JSON.objectNode().set("anyOf", JSON.arrayNode()));
        values.add(JSON.objectNode().put("minimum", 5).put("maximum", 3).put("type", "integer"));
        values.add(JSON.objectNode().put("type", "string").put("pattern", "(a|aa)+$"));
        values.add(JSON.objectNode().put("type", "array").put("minItems", Integer.MAX_VALUE));
        values.add(JSON.objectNode().set("enum", texts));
        return values;
    }

    private static JsonNode nested(int depth) {
        JsonNode nested = JSON.numberNode(1);
        for (int i = 0; i < depth; i++) {
            nested = JSON.arrayNode().add(nested);
        }
        return nested;
    }

    /// The spoilt body; the given one stays as it is.
    JsonNode applyTo(JsonNode body) {
        ObjectNode root = JSON.objectNode();
        root.set("body", body.deepCopy());
        List<Slot> slots = new ArrayList<>();
        collect(root, slots);
        Slot slot = slots.get(Math.floorMod(place, slots.size()));
        switch (kind) {
            case REPLACE -> slot.set(value);
            case REMOVE -> slot.remove();
            case ADD -> slot.add(value);
            case WRAP -> slot.set(JSON.arrayNode().add(slot.get()));
            case SWAP ->
                    slot.set(slots.get(Math.floorMod(place * 31, slots.size())).get().deepCopy());
        }
        return root.path("body");
    }

    private static void collect(JsonNode holder, List<Slot> slots) {
        if (holder instanceof ObjectNode object) {
            for (Map.Entry<String, JsonNode> field : List.copyOf(object.properties())) {
                slots.add(new Slot.Field(object, field.getKey()));
                collect(field.getValue(), slots);
            }
        } else if (holder instanceof ArrayNode list) {
            for (int i = 0; i < list.size(); i++) {
                slots.add(new Slot.Item(list, i));
                collect(list.get(i), slots);
            }
        }
    }

    /// Where a value stands.
    private sealed interface Slot {
        JsonNode get();

        void set(JsonNode value);

        void remove();

        void add(JsonNode value);

        record Field(ObjectNode holder, String key) implements Slot {
            @Override
            public JsonNode get() {
                return holder.path(key);
            }

            @Override
            public void set(JsonNode value) {
                holder.set(key, value);
            }

            @Override
            public void remove() {
                holder.remove(key);
            }

            @Override
            public void add(JsonNode value) {
                holder.set("unknown " + key, value);
            }
        }

        record Item(ArrayNode holder, int index) implements Slot {
            @Override
            public JsonNode get() {
                return holder.path(index);
            }

            @Override
            public void set(JsonNode value) {
                holder.set(index, value);
            }

            @Override
            public void remove() {
                holder.remove(index);
            }

            @Override
            public void add(JsonNode value) {
                holder.insert(index, value);
            }
        }
    }
}
