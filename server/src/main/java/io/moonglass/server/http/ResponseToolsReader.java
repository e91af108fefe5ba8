package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import io.moonglass.runtime.Tool;
import io.moonglass.runtime.ToolUse;
import java.util.ArrayList;
import java.util.List;

/// Reads `tools`, `tool_choice` and `parallel_tool_calls` of `POST /v1/responses`.
final class ResponseToolsReader {

    private static final int MAX_ALLOWED = 512;

    private ResponseToolsReader() {}

    static ToolUse read(RequestFields body) {
        List<Tool> tools =
                FunctionTools.read(body, "parameters", ResponseToolsReader::function);
        boolean parallel = body.bool("parallel_tool_calls", true);
        JsonNode choice = body.value("tool_choice");
        if (!body.has("tool_choice") || choice.isTextual()) {
            return new ToolUse(tools, choice(body, "tool_choice", tools), parallel);
        }
        RequestFields fields = body.object("tool_choice").orElseThrow();
        String type = fields.requiredString("type");
        return switch (type) {
            case "function" ->
                    new ToolUse(tools, FunctionTools.required(fields, "name", tools), parallel);
            case "allowed_tools" -> allowed(fields, tools, parallel);
            default -> throw FunctionTools.notOurs(fields, type);
        };
    }

    private static RequestFields function(RequestFields tool) {
        String type = tool.requiredString("type");
        if (!type.equals("function")) {
            throw FunctionTools.notOurs(tool, type);
        }
        return tool;
    }

    private static ToolUse.Choice choice(RequestFields fields, String key, List<Tool> tools) {
        return switch (fields.string(key).orElse("auto")) {
            case "auto" -> new ToolUse.Choice.Auto();
            case "none" -> new ToolUse.Choice.Never();
            case "required" -> FunctionTools.any(fields.pathOf(key), tools);
            default -> throw fields.wrong(key, "none, auto, required or an object");
        };
    }

    /// Of the tools, only some may be called; where none has to be, the model is told of these alone.
    private static ToolUse allowed(RequestFields choice, List<Tool> tools, boolean parallel) {
        List<String> names = new ArrayList<>();
        for (RequestFields reference : choice.objects("tools", MAX_ALLOWED)) {
            names.add(FunctionTools.nameOfTool(function(reference), "name", tools));
        }
        return switch (choice.requiredString("mode")) {
            case "required" -> new ToolUse(tools, new ToolUse.Choice.Required(names), parallel);
            case "auto" ->
                    new ToolUse(
                            tools.stream().filter(tool -> names.contains(tool.name())).toList(),
                            new ToolUse.Choice.Auto(),
                            parallel);
            default -> throw choice.wrong("mode", "auto or required");
        };
    }

    /// The choice as the response repeats it.
    static JsonNode shownChoice(RequestFields body) {
        return body.has("tool_choice") ? body.value("tool_choice") : TextNode.valueOf("auto");
    }

    /// The tools as the response repeats them.
    static ArrayNode shown(ToolUse tools) {
        ArrayNode shown = JsonNodeFactory.instance.arrayNode();
        for (Tool tool : tools.tools()) {
            shown.addObject()
                    .put("type", "function")
                    .put("name", tool.name())
                    .put("description", tool.description().orElse(null))
                    .put("strict", tool.strict())
                    .set("parameters", tool.parameters().orElse(null));
        }
        return shown;
    }
}
