package io.moonglass.server.command;

import io.moonglass.server.config.Setting;
import io.moonglass.server.config.SettingType;
import io.moonglass.server.config.SettingsCatalogue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.StreamSupport;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// The settings that the options of `serve` are.
final class ServeSettings {

    /// What a description says at its end, or in its middle.
    private static final Pattern DEFAULT =
            Pattern.compile("\\s*\\(default: ((?:[^()]|\\([^()]*\\))*)\\)");

    private ServeSettings() {}

    /// Looks at all values of a command that was parsed, without opening a file that one of them names.
    ///
    /// @throws io.moonglass.loader.fault.ConfigException if one cannot be
    static void check(CommandSpec command) {
        sections(command).values().forEach(SettingsSection::check);
    }

    /// A setting for each option of every [SettingsSection] that a command has.
    static SettingsCatalogue of(CommandSpec command) {
        List<Setting> settings = new ArrayList<>();
        sections(command)
                .forEach((mixin, section) ->
                        mixin.options()
                                .forEach(option -> settings.add(of(section.section(), option))));
        return new SettingsCatalogue(settings);
    }

    private static Map<CommandSpec, SettingsSection> sections(CommandSpec command) {
        Map<CommandSpec, SettingsSection> sections = new LinkedHashMap<>();
        for (CommandSpec mixin : command.mixins().values()) {
            if (mixin.userObject() instanceof SettingsSection section) {
                sections.put(mixin, section);
            }
        }
        return sections;
    }

    private static Setting of(String section, OptionSpec option) {
        String text = String.join(" ", option.renderedDescription());
        Matcher matcher = DEFAULT.matcher(text);
        Optional<String> note = matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
        return new Setting(
                section,
                Setting.nameOf(section, option.longestName()),
                option.longestName(),
                type(option),
                option.isMultiValue(),
                byDefault(option, note),
                note,
                matcher.replaceFirst(""));
    }

    private static SettingType type(OptionSpec option) {
        ITypeConverter<?>[] converters = option.converters();
        if (converters.length > 0) {
            return switch (converters[0]) {
                case ByteSizeConverter _ -> new SettingType.Size();
                case SecondsConverter _ -> new SettingType.Time();
                case Iterable<?> words ->
                        new SettingType.Choice(
                                StreamSupport.stream(words.spliterator(), false)
                                        .map(String::valueOf)
                                        .toList());
                default -> new SettingType.Text();
            };
        }
        Class<?> type = valueType(option);
        if (type.isEnum()) {
            return new SettingType.Choice(
                    Arrays.stream(type.getEnumConstants()).map(String::valueOf).toList());
        }
        if (type == boolean.class || type == Boolean.class) {
            return new SettingType.Switch();
        }
        if (type == int.class
                || type == Integer.class
                || type == long.class
                || type == Long.class) {
            return new SettingType.WholeNumber();
        }
        if (type == double.class || type == Double.class) {
            return new SettingType.Decimal();
        }
        return type == Path.class ? new SettingType.Place() : new SettingType.Text();
    }

    private static Class<?> valueType(OptionSpec option) {
        boolean isWrapped = option.typeInfo().isOptional() || option.isMultiValue();
        return isWrapped ? option.auxiliaryTypes()[0] : option.type();
    }

    /// What can be written in its place; a note such as "the demo model" cannot.
    private static Optional<String> byDefault(OptionSpec option, Optional<String> note) {
        if (option.defaultValue() != null) {
            return Optional.of(option.defaultValue());
        }
        return switch (type(option)) {
            case SettingType.Switch() ->
                    option.typeInfo().isOptional()
                            ? note.filter(text -> text.equals("true") || text.equals("false"))
                            : Optional.of("false");
            case SettingType.Text(), SettingType.Place() -> Optional.empty();
            case SettingType.WholeNumber(),
                    SettingType.Decimal(),
                    SettingType.Size(),
                    SettingType.Time(),
                    SettingType.Choice _ ->
                    note.filter(text -> isValue(option, text));
        };
    }

    private static boolean isValue(OptionSpec option, String text) {
        try {
            if (option.converters().length > 0) {
                option.converters()[0].convert(text);
            } else {
                Double.parseDouble(text);
            }
            return true;
        } catch (Exception e) { // as the converter declares
            return false;
        }
    }
}
