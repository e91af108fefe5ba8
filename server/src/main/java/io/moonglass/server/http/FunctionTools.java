package io.moonglass.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.Tool;
import io.moonglass.runtime.ToolUse;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/// Reads functions of the caller's that stand in a list of their own, each in an object with its name.
final class FunctionTools {

    private static final int MAX_TOOLS = 512;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

    private FunctionTools() {}

    /// The `tools` of a request, which may be missing.
    ///
    /// @param schemaKey under which a function has the schema of its arguments
    /// @param checked   refuses what is no function
    static List<Tool> read(
            RequestFields body, String schemaKey, UnaryOperator<RequestFields> checked) {
        if (!body.has("tools") || body.value("tools").isArray() && body.value("tools").isEmpty()) {
            return List.of();
        }
        Set<String> names = new HashSet<>();
        List<Tool> tools = new ArrayList<>();
        for (RequestFields fields : body.objects("tools", MAX_TOOLS)) {
            Tool tool = tool(checked.apply(fields), schemaKey);
            if (!names.add(tool.name())) {
                throw fields.wrong("name", "a name that no other tool has");
            }
            tools.add(tool);
        }
        return tools;
    }

    private static Tool tool(RequestFields tool, String schemaKey) {
        String name = tool.requiredString("name");
        if (!NAME.matcher(name).matches()) {
            throw tool.wrong("name", "1 to 64 letters, digits, '_', '-' and '.'");
        }
        JsonNode schema = tool.value(schemaKey);
        if (tool.has(schemaKey) && !schema.isObject()) {
            throw tool.wrong(schemaKey, "a JSON Schema, an object");
        }
        return new Tool(
                name,
                tool.string("description").map(WellFormed::text),
                Optional.of(schema).filter(JsonNode::isObject),
                tool.bool("strict", false),
                tool.pathOf(schemaKey));
    }

    /// The choice of one tool or more by name.
    ///
    /// @param holder has the name under `key`
    static ToolUse.Choice required(RequestFields holder, String key, List<Tool> tools) {
        return new ToolUse.Choice.Required(List.of(nameOfTool(holder, key, tools)));
    }

    /// A name that one of the tools has.
    static String nameOfTool(RequestFields holder, String key, List<Tool> tools) {
        String name = holder.requiredString(key);
        if (tools.stream().noneMatch(tool -> tool.name().equals(name))) {
            throw holder.wrong(key, "the name of one of the tools");
        }
        return name;
    }

    /// The choice of any tool, of which there must be one.
    static ToolUse.Choice any(String where, List<Tool> tools) {
        if (tools.isEmpty()) {
            throw InvalidRequestException.invalidValue(
                    where, where + ": a call is required, and there are no tools; send some");
        }
        return new ToolUse.Choice.Required(tools.stream().map(Tool::name).toList());
    }

    /// The fault that a tool is none that callers run themselves.
    static InvalidRequestException notOurs(RequestFields tool, String type) {
        String path = tool.pathOf("type");
        String shown = WellFormed.text(type.length() <= 80 ? type : type.substring(0, 80) + "...");
        return new InvalidRequestException(
                InvalidRequestException.Kind.UNSUPPORTED_FEATURE,
                path,
                "%s: this server runs no tools itself, so none of type \"%s\"; want functions of your own"
                        .formatted(path, shown));
    }
}
