package io.moonglass.server.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// The settings that a server has, for its operators to read. No setting is a secret, as secrets are in files that
/// settings name; a password in an address is left out.
public final class EffectiveConfiguration {

    /// What YAML takes for a plain text or number wherever it stands.
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9/.][A-Za-z0-9/._+=@-]*");

    private final Settings settings;

    public EffectiveConfiguration(Settings settings) {
        this.settings = settings;
    }

    /// An application.yaml with every setting; a comment behind each says where it came from. What has no value
    /// stands there as a comment.
    public String yaml() {
        List<String> lines = new ArrayList<>();
        sections()
                .forEach((section, values) -> {
                    lines.add(section + ":");
                    values.forEach(value -> lines.addAll(yaml(value)));
                });
        return String.join("\n", lines) + "\n";
    }

    private static List<String> yaml(SettingValue value) {
        String name = value.setting().name();
        String source = value.source().label();
        List<String> shown = value.shown().stream().map(EffectiveConfiguration::scalar).toList();
        if (shown.isEmpty() && value.source() instanceof SettingSource.Default) {
            String note = value.setting().defaultNote().map(text -> ": " + text).orElse("");
            return List.of("  # %s: # default%s".formatted(name, note));
        }
        if (!value.setting().isList()) {
            return List.of("  %s: %s # %s".formatted(name, shown.getFirst(), source));
        }
        if (shown.isEmpty()) {
            return List.of("  %s: [] # %s".formatted(name, source));
        }
        List<String> lines = new ArrayList<>();
        lines.add("  %s: # %s".formatted(name, source));
        shown.forEach(item -> lines.add("    - " + item));
        return lines;
    }

    /// JSON's texts are YAML's, too.
    private static String scalar(String text) {
        return PLAIN.matcher(text).matches() && !text.equalsIgnoreCase("null")
                ? text
                : JsonNodeFactory.instance.textNode(text).toString();
    }

    /// The same as JSON: each setting with its value, or its values, and its source.
    public String json() {
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        sections()
                .forEach((section, values) -> {
                    ObjectNode keys = all.putObject(section);
                    values.forEach(value -> json(value, keys.putObject(value.setting().name())));
                });
        return all.toPrettyString() + "\n";
    }

    private static void json(SettingValue value, ObjectNode entry) {
        List<String> shown = value.shown();
        if (value.setting().isList()) {
            ArrayNode list = entry.putArray("value");
            shown.forEach(list::add);
        } else if (shown.isEmpty()) {
            entry.putNull("value");
        } else {
            entry.set("value", node(value.setting().type(), shown.getFirst()));
        }
        switch (value.source()) {
            case SettingSource.Flag(String flag) -> entry.put("source", "flag").put("flag", flag);
            case SettingSource.Variable(String name) ->
                    entry.put("source", "variable").put("variable", name);
            case SettingSource.FileLine(var file, int line) ->
                    entry.put("source", "file").put("file", file.toString()).put("line", line);
            case SettingSource.Default() -> entry.put("source", "default");
        }
    }

    private static JsonNode node(SettingType type, String text) {
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        return switch (type) {
            case SettingType.Switch() -> nodes.booleanNode(Boolean.parseBoolean(text));
            case SettingType.WholeNumber(), SettingType.Decimal() ->
                    nodes.numberNode(new BigDecimal(text));
            case SettingType.Text(),
                    SettingType.Place(),
                    SettingType.Size(),
                    SettingType.Time(),
                    SettingType.Choice _ ->
                    nodes.textNode(text);
        };
    }

    private Map<String, List<SettingValue>> sections() {
        return settings.values().stream()
                .collect(
                        Collectors.groupingBy(
                                value -> value.setting().section(),
                                LinkedHashMap::new,
                                Collectors.toList()));
    }
}
