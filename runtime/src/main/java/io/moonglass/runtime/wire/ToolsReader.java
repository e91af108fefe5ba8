package io.moonglass.runtime.wire;

import com.fasterxml.jackson.databind.JsonNode;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.Tool;
import io.moonglass.runtime.ToolUse;
import io.moonglass.runtime.ToolUse.Choice;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Reads the tools of a request, and what it says of their use.
public final class ToolsReader {

    public static final int MAX_TOOLS = 128;

    private static final int MAX_SHOWN_CHARS = 80;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

    private ToolsReader() {}

    /// `tools`, `tool_choice` and `parallel_tool_calls` of a chat completion, or the older `functions` and
    /// `function_call`.
    public static ToolUse read(RequestFields fields) {
        if (fields.has("functions") && !fields.has("tools")) {
            return readFunctions(fields);
        }
        List<Tool> tools = new ArrayList<>();
        for (RequestFields tool : fields.objectsIfAny("tools", MAX_TOOLS)) {
            if (!tool.requiredString("type").equals("function")) {
                throw tool.wrong("type", "\"function\"");
            }
            tools.add(
                    function(
                            tool.object("function")
                                    .orElseThrow(() -> tool.wrong("function", "an object"))));
        }
        checked(tools, fields, "tools");
        boolean parallel = fields.bool("parallel_tool_calls", true);
        if (fields.value("tool_choice").path("type").asText().equals("allowed_tools")) {
            RequestFields choice = fields.object("tool_choice").orElseThrow();
            RequestFields allowed = choice.object("allowed_tools").orElse(choice);
            List<String> names =
                    allowed.objects("tools", MAX_TOOLS).stream()
                            .map(tool -> tool.object("function").orElse(tool))
                            .map(function -> function.requiredString("name"))
                            .toList();
            return allowed(names, tools, allowed, parallel);
        }
        return new ToolUse(tools, choice(fields, "tool_choice", tools), parallel);
    }

    private static ToolUse readFunctions(RequestFields fields) {
        List<Tool> tools =
                fields.objectsIfAny("functions", MAX_TOOLS).stream()
                        .map(ToolsReader::function)
                        .toList();
        checked(tools, fields, "functions");
        return new ToolUse(tools, choice(fields, "function_call", tools), false);
    }

    private static Tool function(RequestFields function) {
        return tool(function, "parameters");
    }

    /// A tool whose name, description and strictness are called so in all dialects.
    ///
    /// @param schemaKey where its parameters' schema is
    public static Tool tool(RequestFields function, String schemaKey) {
        String name = name(function, "name");
        Optional<JsonNode> schema = function.object(schemaKey).map(_ -> function.value(schemaKey));
        return new Tool(
                name,
                function.string("description").map(WellFormed::text),
                schema,
                function.bool("strict", false),
                function.pathOf(schemaKey));
    }

    /// The fault that a tool is none that the caller runs.
    public static InvalidRequestException notRunHere(RequestFields tool, String type) {
        String shown = WellFormed.text(type.substring(0, Math.min(type.length(), MAX_SHOWN_CHARS)));
        return ChatCallReader.unsupported(
                tool,
                "type",
                "this server runs no tools itself, so none of type \"%s\"; want functions of your own"
                        .formatted(shown));
    }

    /// The name of a tool. What it stands in is text that the model reads, so it is a plain word.
    public static String name(RequestFields holder, String key) {
        String name = holder.requiredString(key);
        if (!NAME.matcher(name).matches()) {
            throw holder.wrong(key, "1 to 64 letters, digits, '_', '-' and '.'");
        }
        return name;
    }

    /// Refuses too many tools, and two of one name.
    public static void checked(List<Tool> tools, RequestFields fields, String key) {
        Set<String> names = new HashSet<>();
        for (Tool tool : tools) {
            if (!names.add(tool.name())) {
                throw InvalidRequestException.invalidValue(
                        fields.pathOf(key),
                        "%s: two are called %s; want names that tell them apart"
                                .formatted(fields.pathOf(key), tool.name()));
            }
        }
    }

    private static Choice choice(RequestFields fields, String key, List<Tool> tools) {
        if (!fields.has(key)) {
            return tools.isEmpty() ? new Choice.Never() : new Choice.Auto();
        }
        JsonNode value = fields.value(key);
        if (value.isTextual()) {
            return named(value.textValue(), tools, fields, key);
        }
        RequestFields choice = fields.object(key).orElseThrow();
        RequestFields function = choice.object("function").orElse(choice);
        return required(List.of(function.requiredString("name")), tools, function, "name");
    }

    /// A choice that is a word.
    public static Choice named(String word, List<Tool> tools, RequestFields fields, String key) {
        return switch (word) {
            case "none" -> new Choice.Never();
            case "auto" -> tools.isEmpty() ? new Choice.Never() : new Choice.Auto();
            case "required", "any" -> {
                if (tools.isEmpty()) {
                    throw fields.wrong(key, "\"none\" or \"auto\" where there are no tools");
                }
                yield new Choice.Required(tools.stream().map(Tool::name).toList());
            }
            default -> throw fields.wrong(key, "\"none\", \"auto\", \"required\" or a tool");
        };
    }

    /// Of the tools, only some may be called; where none has to be, the model is told of these alone.
    ///
    /// @param choice has the names under `tools`, and a `mode`
    public static ToolUse allowed(
            List<String> names, List<Tool> tools, RequestFields choice, boolean parallel) {
        Choice.Required required = required(names, tools, choice, "tools");
        return switch (choice.string("mode").orElse("auto")) {
            case "required" -> new ToolUse(tools, required, parallel);
            case "auto" ->
                    new ToolUse(
                            tools.stream().filter(tool -> names.contains(tool.name())).toList(),
                            new Choice.Auto(),
                            parallel);
            default -> throw choice.wrong("mode", "\"auto\" or \"required\"");
        };
    }

    /// A choice of tools by name.
    public static Choice.Required required(
            List<String> names, List<Tool> tools, RequestFields fields, String key) {
        for (String name : names) {
            if (tools.stream().noneMatch(tool -> tool.name().equals(name))) {
                throw fields.wrong(key, "the name of one of the tools");
            }
        }
        return new Choice.Required(names);
    }
}
