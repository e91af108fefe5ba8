package io.moonglass.server.config;

import io.moonglass.loader.fault.ConfigException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What every setting is: as its flag says, else its variable, else the file, else by default.
///
/// @param values one for each setting, in the catalogue's order
/// @param file   that was read; empty where none was
public record Settings(List<SettingValue> values, Optional<Path> file) {

    private static final Pattern FLAG = Pattern.compile("^(--[a-z0-9-]+)\\b");

    public Settings {
        values = List.copyOf(values);
    }

    /// @param flags       the values of the flags that were given, by the flag's name
    /// @param asked       the file that the command line names
    /// @param environment all of it
    /// @param home        the user's folder
    /// @throws ConfigException if the file or a variable says what cannot be, or the file cannot be read
    public static Settings resolve(
            SettingsCatalogue catalogue,
            Map<String, List<String>> flags,
            Optional<Path> asked,
            Map<String, String> environment,
            Path home) {
        Map<String, SettingValue> found = new HashMap<>();
        Optional<Path> file = SettingsFile.find(asked, environment, home);
        file.map(path -> SettingsFile.read(path, catalogue)).orElse(List.of()).stream()
                .forEach(value -> found.put(value.setting().key(), value));
        SettingVariables.read(environment, catalogue)
                .forEach(value -> found.put(value.setting().key(), value));
        List<SettingValue> values = new ArrayList<>();
        for (Setting setting : catalogue.all()) {
            if (flags.containsKey(setting.flag())) {
                SettingSource source = new SettingSource.Flag(setting.flag());
                values.add(new SettingValue(setting, flags.get(setting.flag()), source));
            } else {
                values.add(found.getOrDefault(setting.key(), byDefault(setting)));
            }
        }
        return new Settings(values, file);
    }

    private static SettingValue byDefault(Setting setting) {
        return new SettingValue(
                setting,
                setting.byDefault().map(List::of).orElse(List.of()),
                new SettingSource.Default());
    }

    /// The setting with this flag.
    public Optional<SettingValue> withFlag(String flag) {
        return values.stream().filter(value -> value.setting().flag().equals(flag)).findFirst();
    }

    /// A fault that begins with a flag's name, told with the place where the value really came from.
    public String inItsPlace(String fault) {
        Matcher flag = FLAG.matcher(fault);
        if (!flag.find()) {
            return fault;
        }
        return withFlag(flag.group(1))
                .filter(value -> !(value.source() instanceof SettingSource.Default))
                .map(value -> value.subject() + fault.substring(flag.end(1)))
                .orElse(fault);
    }

    /// One line that says which file was read, and how many settings came from where.
    public String summary() {
        return "settings: %s; set by flags: %d, by variables: %d, by the file: %d, by default: %d"
                .formatted(
                        file.map(path -> path + " was read").orElse("no file"),
                        count(SettingSource.Flag.class),
                        count(SettingSource.Variable.class),
                        count(SettingSource.FileLine.class),
                        count(SettingSource.Default.class));
    }

    private long count(Class<? extends SettingSource> kind) {
        return values.stream().map(SettingValue::source).filter(kind::isInstance).count();
    }
}
