package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.TextNode;
import io.moonglass.runtime.Tool;
import io.moonglass.runtime.ToolUse;
import io.moonglass.runtime.ToolUse.Choice;
import io.moonglass.runtime.wire.RequestFields;
import io.moonglass.runtime.wire.ToolsReader;
import java.util.List;

/// Reads `tools`, `tool_choice` and `parallel_tool_calls` of `POST /v1/responses`.
final class ResponseToolsReader {

    private ResponseToolsReader() {}

    static ToolUse read(RequestFields fields) {
        List<Tool> tools =
                fields.objectsIfAny("tools", ToolsReader.MAX_TOOLS).stream()
                        .map(tool -> ToolsReader.tool(function(tool), "parameters"))
                        .toList();
        ToolsReader.checked(tools, fields, "tools");
        boolean parallel = fields.bool("parallel_tool_calls", true);
        if (!fields.has("tool_choice") || fields.value("tool_choice").isTextual()) {
            String word = fields.string("tool_choice").orElse("auto");
            Choice choice = ToolsReader.named(word, tools, fields, "tool_choice");
            return new ToolUse(tools, choice, parallel);
        }
        RequestFields choice = fields.object("tool_choice").orElseThrow();
        if (choice.requiredString("type").equals("allowed_tools")) {
            List<String> names =
                    choice.objects("tools", ToolsReader.MAX_TOOLS).stream()
                            .map(tool -> function(tool).requiredString("name"))
                            .toList();
            return ToolsReader.allowed(names, tools, choice, parallel);
        }
        String name = function(choice).requiredString("name");
        return new ToolUse(
                tools, ToolsReader.required(List.of(name), tools, choice, "name"), parallel);
    }

    /// An object whose type says that it is, or names, a function.
    private static RequestFields function(RequestFields fields) {
        String type = fields.requiredString("type");
        if (!type.equals("function")) {
            throw ToolsReader.notRunHere(fields, type);
        }
        return fields;
    }

    /// The choice as the response repeats it.
    static JsonNode shownChoice(RequestFields fields) {
        return fields.has("tool_choice") ? fields.value("tool_choice") : TextNode.valueOf("auto");
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
