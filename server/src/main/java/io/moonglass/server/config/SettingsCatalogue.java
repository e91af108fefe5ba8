package io.moonglass.server.config;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/// All settings that there are.
public final class SettingsCatalogue {

    private final Map<String, Setting> byKey = new LinkedHashMap<>();
    private final Map<String, Setting> byVariable;
    private final Map<String, Setting> byFlag;

    /// Sections are in the order of their first settings.
    ///
    /// @throws IllegalArgumentException if two have one key, variable or flag
    public SettingsCatalogue(List<Setting> settings) {
        Set<String> sections = new LinkedHashSet<>();
        settings.forEach(setting -> sections.add(setting.section()));
        for (String section : sections) {
            settings.stream()
                    .filter(setting -> setting.section().equals(section))
                    .forEach(this::add);
        }
        this.byVariable = indexed(settings, Setting::variable);
        this.byFlag = indexed(settings, Setting::flag);
    }

    private void add(Setting setting) {
        if (byKey.put(setting.key(), setting) != null) {
            throw new IllegalArgumentException(setting.key() + " is there twice");
        }
    }

    private static Map<String, Setting> indexed(
            List<Setting> settings, Function<Setting, String> name) {
        return settings.stream().collect(Collectors.toMap(name, Function.identity()));
    }

    public List<Setting> all() {
        return List.copyOf(byKey.values());
    }

    /// The settings of each section.
    public Map<String, List<Setting>> sections() {
        return byKey.values().stream()
                .collect(
                        Collectors.groupingBy(
                                Setting::section, LinkedHashMap::new, Collectors.toList()));
    }

    /// @param key such as `server.port`
    public Optional<Setting> withKey(String key) {
        return Optional.ofNullable(byKey.get(key));
    }

    public Optional<Setting> withVariable(String variable) {
        return Optional.ofNullable(byVariable.get(variable));
    }

    public Optional<Setting> withFlag(String flag) {
        return Optional.ofNullable(byFlag.get(flag));
    }

    /// A sentence that asks whether another key was meant; empty where none is like it.
    ///
    /// @param key whole, or without a section
    String didYouMean(String key) {
        String plain = dashed(key);
        String name = plain.substring(plain.indexOf('.') + 1);
        return NearestName.to(plain, byKey.keySet())
                // right but for its section, or spelt as its flag
                .or(() -> withName(name))
                .or(() -> withFlag("--" + name).map(Setting::key))
                .map("; did you mean %s?"::formatted)
                .orElse("");
    }

    /// The same for a section.
    String didYouMeanSection(String section) {
        return NearestName.to(dashed(section), sections().keySet())
                .or(() -> withName(dashed(section)))
                .map("; did you mean %s?"::formatted)
                .orElse("; want one of " + String.join(", ", sections().keySet()));
    }

    /// The same for a variable.
    String didYouMeanVariable(String variable) {
        return NearestName.to(variable, byVariable.keySet())
                .map("; did you mean %s?"::formatted)
                .orElse("");
    }

    private Optional<String> withName(String name) {
        return byKey.values().stream()
                .filter(setting -> setting.name().equals(name))
                .map(Setting::key)
                .findFirst();
    }

    /// As keys are spelt here: `maxBodySize` and `max_body_size` are `max-body-size`.
    private static String dashed(String key) {
        return key.replaceAll("([a-z0-9])([A-Z])", "$1-$2")
                .replace('_', '-')
                .toLowerCase(Locale.ROOT);
    }
}
