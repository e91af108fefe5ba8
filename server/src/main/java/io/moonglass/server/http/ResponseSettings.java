package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.AnswerOptions;
import io.moonglass.runtime.ToolUse;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.runtime.wire.WellFormed;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// What a response object repeats of its request, with what was meant where the request was silent.
///
/// Source: the types of OpenAI's client for JavaScript, `resources/responses`.
final class ResponseSettings {

    private static final int MAX_METADATA = 16;
    private static final int MAX_METADATA_KEY_CHARS = 64;
    private static final int MAX_METADATA_VALUE_CHARS = 512;

    private ResponseSettings() {}

    /// @param store whether the response is kept
    static ObjectNode of(
            RequestFields fields,
            AnswerOptions answer,
            ToolUse tools,
            String model,
            boolean store) {
        ObjectNode settings = JsonNodeFactory.instance.objectNode();
        settings.put("background", false);
        putString(settings, fields, "instructions");
        putInteger(settings, "max_output_tokens", answer.maxTokens());
        putInteger(settings, "max_tool_calls", fields.integer("max_tool_calls", 1));
        settings.set("metadata", metadata(fields));
        settings.put("model", model);
        settings.put("parallel_tool_calls", tools.parallel());
        putString(settings, fields, "previous_response_id");
        putString(settings, fields, "prompt_cache_key");
        settings.set("reasoning", reasoning(fields.object("reasoning")));
        putString(settings, fields, "safety_identifier");
        settings.put("service_tier", "default");
        settings.put("store", store);
        settings.put("temperature", answer.sampling().temperature());
        settings.set("text", text(fields.object("text")));
        settings.set("tool_choice", ResponseToolsReader.shownChoice(fields));
        settings.set("tools", ResponseToolsReader.shown(tools));
        settings.put("top_logprobs", answer.scoring().answer().orElse(0));
        settings.put("top_p", answer.sampling().topP());
        settings.put("truncation", fields.string("truncation").orElse("disabled"));
        fields.string("user").ifPresent(user -> settings.put("user", WellFormed.text(user)));
        return settings;
    }

    private static void putString(ObjectNode settings, RequestFields fields, String key) {
        settings.put(key, fields.string(key).map(WellFormed::text).orElse(null));
    }

    private static void putInteger(ObjectNode settings, String key, OptionalInt value) {
        if (value.isPresent()) {
            settings.put(key, value.getAsInt());
        } else {
            settings.putNull(key);
        }
    }

    private static ObjectNode reasoning(Optional<RequestFields> fields) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("effort", fields.flatMap(some -> some.string("effort")).orElse(null))
                .put("summary", fields.flatMap(some -> some.string("summary")).orElse(null));
    }

    private static ObjectNode text(Optional<RequestFields> fields) {
        ObjectNode text = JsonNodeFactory.instance.objectNode();
        JsonNode format = fields.map(some -> some.value("format")).orElse(null);
        if (format != null && format.isObject()) {
            text.set("format", format);
        } else {
            text.putObject("format").put("type", "text");
        }
        return text.put(
                "verbosity", fields.flatMap(some -> some.string("verbosity")).orElse("medium"));
    }

    private static JsonNode metadata(RequestFields fields) {
        if (!fields.has("metadata")) {
            return JsonNodeFactory.instance.objectNode();
        }
        fields.object("metadata");
        JsonNode metadata = fields.value("metadata");
        boolean fits = metadata.size() <= MAX_METADATA;
        for (Map.Entry<String, JsonNode> pair : metadata.properties()) {
            fits &=
                    pair.getKey().length() <= MAX_METADATA_KEY_CHARS
                            && pair.getValue().isTextual()
                            && pair.getValue().textValue().length() <= MAX_METADATA_VALUE_CHARS;
        }
        if (!fits) {
            throw InvalidRequestException.invalidValue(
                    fields.pathOf("metadata"),
                    "%s is none; want at most %d strings of up to %d characters, under names of up to %d"
                            .formatted(
                                    fields.pathOf("metadata"),
                                    MAX_METADATA,
                                    MAX_METADATA_VALUE_CHARS,
                                    MAX_METADATA_KEY_CHARS));
        }
        return metadata;
    }
}
