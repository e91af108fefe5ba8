package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.runtime.wire.RequestFields;
import java.util.Map;

/// The items of a request as they are kept and listed: each with its type and an id of ours, contents as parts.
final class StoredInput {

    private static final Map<String, String> PREFIXES =
            Map.of(
                    "message", "msg",
                    "function_call", "fc",
                    "function_call_output", "fco",
                    "reasoning", "rs",
                    "item_reference", "ref");

    private StoredInput() {}

    /// @param items that were read without a fault
    /// @param key   the response's
    static ArrayNode of(ArrayNode items, String key) {
        ArrayNode stored = JsonNodeFactory.instance.arrayNode();
        for (int i = 0; i < items.size(); i++) {
            ObjectNode item = JsonNodeFactory.instance.objectNode();
            item.setAll((ObjectNode) items.get(i));
            String type = ResponseItemsReader.typeOf(RequestFields.of("", item));
            item.put("type", type);
            if (!type.equals("item_reference")) {
                item.put("id", PREFIXES.get(type) + "_" + key + "_i" + i);
                item.put("status", "completed");
            }
            if (item.path("content").isTextual()) {
                item.set("content", parts(item.path("role"), item.get("content")));
            }
            stored.add(item);
        }
        return stored;
    }

    private static ArrayNode parts(JsonNode role, JsonNode text) {
        ArrayNode parts = JsonNodeFactory.instance.arrayNode();
        boolean isAnswer = role.asText().equals("assistant");
        ObjectNode part = parts.addObject();
        part.put("type", isAnswer ? "output_text" : "input_text").set("text", text);
        if (isAnswer) {
            part.putArray("annotations");
        }
        return parts;
    }
}
