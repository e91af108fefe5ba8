package io.moonglass.server.config;

import io.moonglass.loader.fault.ConfigException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What environment variables set.
final class SettingVariables {

    private static final String PREFIX = "MOONGLASS_";

    /// Variables of ours that are no settings: those of the launcher, of other commands, and places.
    private static final Set<String> OTHERS =
            Set.of(
                    "MOONGLASS_JAVA_HOME",
                    "MOONGLASS_JAVA_OPTIONS",
                    "MOONGLASS_JDK_FOLDERS",
                    "MOONGLASS_CACHE",
                    "MOONGLASS_STATE",
                    "MOONGLASS_LOG_LEVEL",
                    "MOONGLASS_API_KEY",
                    SettingsFile.VARIABLE);

    /// Kubernetes tells every container of every Service in its namespace, and a Service may be called moonglass or
    /// moonglass-server.
    private static final Pattern OF_SERVICES =
            Pattern.compile(
                    PREFIX
                            + "(?:\\w+_)??(?:SERVICE_HOST|SERVICE_PORT(?:_\\w+)?|PORT_\\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)");

    /// The one of them whose name a setting may have too, such as `MOONGLASS_SERVER_PORT`.
    private static final Pattern PORT_OF_SERVICE = Pattern.compile(PREFIX + "(?:\\w+_)?PORT");

    private static final Pattern ADDRESS_OF_SERVICE = Pattern.compile("(?:tcp|udp|sctp)://\\S+");

    private SettingVariables() {}

    /// What the environment sets. A blank variable sets nothing; a list's values have commas or line breaks between
    /// them.
    ///
    /// @throws ConfigException if a variable that begins like ours is none of them, or its value cannot be
    static List<SettingValue> read(Map<String, String> environment, SettingsCatalogue catalogue) {
        return new TreeMap<>(environment)
                .entrySet().stream()
                        .filter(variable -> variable.getKey().startsWith(PREFIX))
                        .flatMap(variable ->
                                read(variable.getKey(), variable.getValue(), catalogue).stream())
                        .toList();
    }

    private static Optional<SettingValue> read(
            String name, String text, SettingsCatalogue catalogue) {
        if (isOfService(name, text)) {
            return Optional.empty();
        }
        Optional<Setting> setting = catalogue.withVariable(name);
        if (setting.isEmpty() && !OTHERS.contains(name) && !OF_SERVICES.matcher(name).matches()) {
            throw new ConfigException(
                    "%s is no variable of moonglass%s"
                            .formatted(Setting.shown(name), catalogue.didYouMeanVariable(name)));
        }
        return text.isBlank() ? Optional.empty() : setting.map(known -> value(known, name, text));
    }

    private static boolean isOfService(String name, String text) {
        return PORT_OF_SERVICE.matcher(name).matches()
                && ADDRESS_OF_SERVICE.matcher(text).matches();
    }

    private static SettingValue value(Setting setting, String name, String text) {
        Stream<String> parts =
                setting.isList() ? Arrays.stream(text.split("[,\n]")) : Stream.of(text);
        List<String> values =
                parts.map(String::strip)
                        .filter(part -> !part.isEmpty())
                        .map(part -> setting.checked(part, name))
                        .toList();
        return new SettingValue(setting, values, new SettingSource.Variable(name));
    }
}
