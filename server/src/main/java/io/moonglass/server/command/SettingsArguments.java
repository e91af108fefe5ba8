package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.config.Setting;
import io.moonglass.server.config.SettingSource;
import io.moonglass.server.config.SettingType;
import io.moonglass.server.config.SettingValue;
import io.moonglass.server.config.Settings;
import io.moonglass.server.config.SettingsCatalogue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/// Puts what variables and the file set into the command line, as flags. So one parser converts and checks every
/// value, wherever it comes from, and a default never changes what a flag means.
final class SettingsArguments {

    private static final Pattern WANTED = Pattern.compile("\\bwant .*");

    private final Map<String, String> environment;
    private final Path home;
    private Optional<Settings> settings = Optional.empty();

    SettingsArguments(Map<String, String> environment, Path home) {
        this.environment = environment;
        this.home = home;
    }

    /// The command line with the settings of its command, if that has some. What cannot be parsed stays as it is:
    /// whoever executes it will say so.
    ///
    /// @throws ConfigException if the file or a variable says what cannot be
    String[] complete(CommandLine commands, String... arguments) {
        return parsed(commands, arguments)
                .flatMap(SettingsArguments::configuration)
                .map(options -> complete(options, commands, arguments))
                .orElse(arguments);
    }

    /// The command that would be executed; none where help is asked for.
    private static Optional<ParseResult> parsed(CommandLine commands, String... arguments) {
        try {
            return Optional.ofNullable(commands.parseArgs(arguments).subcommand())
                    .filter(command ->
                            !command.isUsageHelpRequested() && !command.isVersionHelpRequested());
        } catch (ParameterException e) {
            return Optional.empty();
        }
    }

    private static Optional<ConfigurationOptions> configuration(ParseResult command) {
        return command.commandSpec().mixins().values().stream()
                .map(CommandSpec::userObject)
                .filter(ConfigurationOptions.class::isInstance)
                .map(ConfigurationOptions.class::cast)
                .findFirst();
    }

    private String[] complete(
            ConfigurationOptions options, CommandLine commands, String... arguments) {
        ParseResult command = commands.getParseResult().subcommand();
        CommandSpec spec = command.commandSpec();
        SettingsCatalogue catalogue = ServeSettings.of(spec);
        Settings all =
                Settings.resolve(
                        catalogue, flags(catalogue, command), options.file(), environment, home);
        options.settle(all);
        settings = Optional.of(all);
        List<String> completed = new ArrayList<>(List.of(arguments));
        completed.addAll(
                completed.indexOf(spec.name()) + 1,
                all.values().stream()
                        .flatMap(value -> arguments(value, spec.findOption(value.setting().flag())))
                        .toList());
        return completed.toArray(String[]::new);
    }

    /// The values of the flags that were given.
    private static Map<String, List<String>> flags(
            SettingsCatalogue catalogue, ParseResult command) {
        Map<String, List<String>> flags = new HashMap<>();
        for (Setting setting : catalogue.all()) {
            OptionSpec option = command.matchedOption(setting.flag());
            if (option != null) {
                flags.put(setting.flag(), values(setting, option));
            }
        }
        return flags;
    }

    private static List<String> values(Setting setting, OptionSpec option) {
        if (!(setting.type() instanceof SettingType.Switch)) {
            return option.originalStringValues();
        }
        Object value = option.getValue();
        return List.of(String.valueOf(value instanceof Optional<?> some ? some.get() : value));
    }

    private static Stream<String> arguments(SettingValue value, OptionSpec option) {
        String flag = value.setting().flag();
        return switch (value.source()) {
            case SettingSource.Flag _, SettingSource.Default _ -> Stream.of();
            case SettingSource.Variable _, SettingSource.FileLine _ ->
                    value.setting().type() instanceof SettingType.Switch
                            ? switched(flag, option, value.values().getFirst())
                            : value.values().stream().map(text -> flag + "=" + text);
        };
    }

    private static Stream<String> switched(String flag, OptionSpec option, String value) {
        if (value.equals("true")) {
            return Stream.of(flag);
        }
        return option.negatable() ? Stream.of(flag.replaceFirst("^--", "--no-")) : Stream.of();
    }

    /// What is wrong with a value that came from a variable or the file; empty if it is one of the command line.
    Optional<String> message(ParameterException fault) {
        return Optional.ofNullable(fault.getArgSpec())
                .filter(OptionSpec.class::isInstance)
                .map(OptionSpec.class::cast)
                .flatMap(option -> settings.flatMap(all -> all.withFlag(option.longestName())))
                .filter(value ->
                        value.source() instanceof SettingSource.Variable
                                || value.source() instanceof SettingSource.FileLine)
                .map(value -> message(value, fault));
    }

    private static String message(SettingValue value, ParameterException fault) {
        Matcher wanted = WANTED.matcher(fault.getMessage());
        boolean isOneOfMany = value.setting().isList() && fault.getValue() != null;
        return "%s is \"%s\"; %s"
                .formatted(
                        value.subject(),
                        isOneOfMany ? fault.getValue() : String.join(", ", value.shown()),
                        wanted.find() ? wanted.group() : "want " + value.setting().type().wanted());
    }

    /// The same for what turned out to be wrong later.
    String message(ConfigException fault) {
        return settings.map(all -> all.inItsPlace(fault.getMessage())).orElse(fault.getMessage());
    }
}
