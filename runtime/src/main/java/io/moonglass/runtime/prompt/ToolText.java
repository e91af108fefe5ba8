package io.moonglass.runtime.prompt;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.runtime.AnswerFormat;
import io.moonglass.runtime.Tool;
import io.moonglass.runtime.ToolCall;
import io.moonglass.runtime.answer.ExactJson;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// Tools and formats of answers as text in ordinary turns, since the released chat template knows neither. Models are
/// trained on exactly these words.
final class ToolText {

    static final String RESULT_CLOSING = "\n</tool_result>";

    private static final String JSON_ANSWER = "Answer with one JSON object and nothing else.";

    private ToolText() {}

    /// What a system turn says of the tools.
    static String offer(List<Tool> tools) {
        return """
        You can call tools. To call one, answer with exactly one line per call:
        <tool_call>{"name": NAME, "arguments": {...}}</tool_call>
        Tools:
        """
                + tools.stream().map(ToolText::line).collect(Collectors.joining("\n"));
    }

    private static String line(Tool tool) {
        ObjectNode line = JsonNodeFactory.instance.objectNode();
        line.put("name", tool.name());
        tool.description().ifPresent(description -> line.put("description", description));
        line.set("parameters", tool.parameters().orElseGet(ToolText::noParameters));
        return line.toString();
    }

    private static JsonNode noParameters() {
        ObjectNode schema = JsonNodeFactory.instance.objectNode();
        schema.put("type", "object");
        schema.putObject("properties");
        return schema;
    }

    /// A call as the assistant wrote it.
    static String call(ToolCall call) {
        return ToolCall.OPENING
                + "{\"name\": \"%s\", \"arguments\": %s}"
                        .formatted(call.name(), spaced(call.arguments()))
                + ToolCall.CLOSING;
    }

    static String resultOpening(String tool) {
        return "<tool_result name=\"%s\">\n".formatted(tool);
    }

    /// What a system turn says of the answer's format; empty where only the grammar knows.
    static Optional<String> instruction(AnswerFormat format) {
        return switch (format) {
            case AnswerFormat.JsonObject() -> Optional.of(JSON_ANSWER);
            case AnswerFormat.JsonSchema(JsonNode schema, _) ->
                    Optional.of(JSON_ANSWER + " Schema: " + schema);
            case AnswerFormat.FreeText _,
                    AnswerFormat.Regex _,
                    AnswerFormat.Choice _,
                    AnswerFormat.Gbnf _ ->
                    Optional.empty();
        };
    }

    /// With a space after every colon and comma, as models write it; text that is no JSON as it is.
    private static String spaced(String json) {
        try {
            return ExactJson.MAPPER
                    .writer(new Spaced())
                    .writeValueAsString(ExactJson.MAPPER.readTree(json));
        } catch (JsonProcessingException e) {
            return json;
        }
    }

    private static final class Spaced extends MinimalPrettyPrinter {

        @Override
        public void writeObjectFieldValueSeparator(JsonGenerator out) throws IOException {
            out.writeRaw(": ");
        }

        @Override
        public void writeObjectEntrySeparator(JsonGenerator out) throws IOException {
            out.writeRaw(", ");
        }

        @Override
        public void writeArrayValueSeparator(JsonGenerator out) throws IOException {
            out.writeRaw(", ");
        }
    }
}
