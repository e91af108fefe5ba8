package io.moonglass.server.config;

import java.util.List;
import java.util.regex.Pattern;

/// What a setting is, and who said so.
///
/// @param values as they were written; one unless it is a list, none where it has no value
public record SettingValue(Setting setting, List<String> values, SettingSource source) {

    private static final Pattern USER_OF_ADDRESS =
            Pattern.compile("(?<=^[A-Za-z][A-Za-z0-9+.-]{0,20}://)[^/@]*@");

    public SettingValue {
        values = List.copyOf(values);
    }

    /// What an error about it begins with: where it was set.
    public String subject() {
        return switch (source) {
            case SettingSource.Flag(String flag) -> flag;
            case SettingSource.Variable(String name) -> name;
            case SettingSource.FileLine(var file, int line) ->
                    "%s line %d: %s".formatted(file, line, setting.key());
            case SettingSource.Default() -> setting.key();
        };
    }

    /// The values for people's eyes, without a password that an address may have in it.
    public List<String> shown() {
        return values.stream()
                .map(value -> USER_OF_ADDRESS.matcher(value).replaceFirst("***@"))
                .toList();
    }
}
