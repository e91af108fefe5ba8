package io.moonglass.server.config;

import io.moonglass.loader.fault.ConfigException;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// One thing that an operator can set: a key of application.yaml, an environment variable and a flag.
///
/// @param section     of application.yaml
/// @param name        of the key in its section
/// @param flag        on the command line, such as `--port`
/// @param isList      whether it may have several values
/// @param byDefault   the value that it has where nobody sets it, if it can be written as one
/// @param defaultNote what that is in words, where there is something to say
/// @param description what it is for
public record Setting(
        String section,
        String name,
        String flag,
        SettingType type,
        boolean isList,
        Optional<String> byDefault,
        Optional<String> defaultNote,
        String description) {

    private static final String VARIABLE_PREFIX = "MOONGLASS_";
    private static final int MAX_VALUE = 4096;

    /// What Helm writes for whole numbers of a million and more.
    private static final Pattern EXPONENT =
            Pattern.compile("[+-]?\\d{1,18}(?:\\.\\d{1,18})?[eE][+-]?\\d{1,2}");

    private static final int MAX_SHOWN = 80;

    /// The key of an option in a section: the option's name without the section's in front of it.
    ///
    /// @param flag such as `--tls-key-file`, which in section `tls` is `key-file`
    public static String nameOf(String section, String flag) {
        String name = flag.replaceFirst("^-+", "");
        return name.startsWith(section + "-") ? name.substring(section.length() + 1) : name;
    }

    /// Such as `server.port`.
    public String key() {
        return section + "." + name;
    }

    /// Such as `MOONGLASS_SERVER_PORT`.
    public String variable() {
        return VARIABLE_PREFIX + key().toUpperCase(Locale.ROOT).replaceAll("[.-]", "_");
    }

    /// Its type, also where it may have several values.
    public String typeLabel() {
        return isList ? "list of " + type.label() : type.label();
    }

    /// What an error says is wanted.
    public String wanted() {
        return isList ? "a list, each of it " + type.wanted() : type.wanted();
    }

    /// A value of it, if it can be one by its look; what it means is the option's to say.
    ///
    /// @param subject what an error begins with: where the value was found
    /// @throws ConfigException if it cannot
    String checked(String value, String subject) {
        boolean isNoSwitch =
                type instanceof SettingType.Switch
                        && !value.equals("true")
                        && !value.equals("false");
        if (isNoSwitch || value.isBlank() || value.length() > MAX_VALUE || hasControls(value)) {
            throw new ConfigException(
                    "%s is \"%s\"; want %s%s"
                            .formatted(
                                    subject,
                                    shown(value),
                                    type.wanted(),
                                    hasControls(value) ? ", in one line" : ""));
        }
        return EXPONENT.matcher(value).matches() && isNumber()
                ? new BigDecimal(value).stripTrailingZeros().toPlainString()
                : value;
    }

    private boolean isNumber() {
        return switch (type) {
            case SettingType.WholeNumber(),
                    SettingType.Decimal(),
                    SettingType.Size(),
                    SettingType.Time() ->
                    true;
            case SettingType.Text(),
                    SettingType.Place(),
                    SettingType.Switch(),
                    SettingType.Choice _ ->
                    false;
        };
    }

    private static boolean hasControls(String value) {
        return value.chars().anyMatch(Character::isISOControl);
    }

    /// A text that may be anything, for an error in one line.
    static String shown(String text) {
        String line = text.replaceAll("\\p{Cntrl}", " ");
        return line.length() > MAX_SHOWN ? line.substring(0, MAX_SHOWN) + "…" : line;
    }
}
