package io.moonglass.server.config;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/// What can be set, as a page for people: docs/configuration.md.
public final class SettingsDescription {

    private final SettingsCatalogue catalogue;

    public SettingsDescription(SettingsCatalogue catalogue) {
        this.catalogue = catalogue;
    }

    /// How settings are set, then a table for each section.
    public String markdown() {
        StringBuilder page = new StringBuilder(head());
        for (Map.Entry<String, List<Setting>> section : catalogue.sections().entrySet()) {
            page.append("\n## %s\n\n".formatted(section.getKey()));
            page.append("| key | flag | variable | value | default | meaning |\n");
            page.append("|---|---|---|---|---|---|\n");
            section.getValue().forEach(setting -> page.append(row(setting)));
        }
        return page.toString();
    }

    /// The same table as a JSON array.
    public String json() {
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        catalogue.sections().values().stream()
                .flatMap(List::stream)
                .forEach(setting ->
                        all.addObject()
                                .put("key", setting.key())
                                .put("flag", setting.flag())
                                .put("variable", setting.variable())
                                .put("type", setting.typeLabel())
                                .put("default", byDefault(setting))
                                .put("description", setting.description()));
        return all.toPrettyString() + "\n";
    }

    private static String byDefault(Setting setting) {
        return setting.defaultNote().or(setting::byDefault).orElse("");
    }

    private static String head() {
        try (InputStream in =
                SettingsDescription.class.getResourceAsStream("configuration-head.md")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("configuration-head.md cannot be read", e);
        }
    }

    private static String row(Setting setting) {
        return "| `%s` | `%s` | `%s` | %s | %s | %s |\n"
                .formatted(
                        setting.key(),
                        setting.flag(),
                        setting.variable(),
                        cell(setting.typeLabel()),
                        cell(byDefault(setting)),
                        cell(setting.description()));
    }

    private static String cell(String text) {
        return text.replace("|", "\\|").replaceAll("\\s+", " ");
    }
}
