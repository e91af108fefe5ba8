package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.server.config.Setting;
import io.moonglass.server.config.SettingType;
import io.moonglass.server.config.SettingsCatalogue;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

class ConfigCommandTest {

    private static final ModelOpener NO_MODEL =
            (directory, _) -> {
                throw new ConfigException("no model in " + directory);
            };
    private static final CommandSpec SERVE =
            new CommandLine(new ServeCommand(NO_MODEL)).getCommandSpec();
    private static final SettingsCatalogue CATALOGUE = ServeSettings.of(SERVE);

    @TempDir private Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void every_option_of_serve_is_a_setting() {
        Set<String> flags = new TreeSet<>();
        SERVE.options().forEach(option -> flags.add(option.longestName()));
        flags.removeAll(Set.of("--help", "--version", "--verbose", "--config", "--json"));

        assertEquals(
                flags, CATALOGUE.all().stream().map(Setting::flag).collect(Collectors.toSet()));
    }

    @Test
    void every_setting_means_the_same_as_a_flag_a_variable_and_a_key() throws IOException {
        List<String> arguments = new ArrayList<>(List.of("serve"));
        Map<String, String> environment = new HashMap<>();
        StringBuilder yaml = new StringBuilder();
        CATALOGUE
                .sections()
                .forEach((section, settings) -> {
                    yaml.append(section).append(":\n");
                    for (Setting setting : settings) {
                        String sample = sample(setting);
                        arguments.add(flag(setting, sample));
                        environment.put(setting.variable(), sample);
                        yaml.append("  %s: \"%s\"\n".formatted(setting.name(), sample));
                    }
                });
        Path file = folder.resolve("application.yaml");
        Files.writeString(file, yaml);

        Map<String, Object> byFlags = parsed(Map.of(), arguments.toArray(String[]::new));

        assertEquals(CATALOGUE.all().size(), byFlags.size());
        assertEquals(byFlags, parsed(environment, "serve"));
        assertEquals(byFlags, parsed(Map.of(), "serve", "--config=" + file));
    }

    /// The options' values, of those that were given anywhere.
    private static Map<String, Object> parsed(
            Map<String, String> environment, String... arguments) {
        Map<String, String> all = new HashMap<>(Map.of("MOONGLASS_CONFIG", "/dev/null"));
        all.putAll(environment);
        CommandLine commands =
                new CommandLine(CommandSpec.create()).addSubcommand(new ServeCommand(NO_MODEL));
        String[] completed =
                new SettingsArguments(all, Path.of("/nowhere")).complete(commands, arguments);
        ParseResult command = commands.parseArgs(completed).subcommand();
        Map<String, Object> values = new HashMap<>();
        for (Setting setting : CATALOGUE.all()) {
            OptionSpec option = command.matchedOption(setting.flag());
            if (option != null) {
                values.put(setting.key(), option.getValue());
            }
        }
        return values;
    }

    /// Something other than the default where there is another.
    private static String sample(Setting setting) {
        OptionSpec option = SERVE.findOption(setting.flag());
        return switch (setting.type()) {
            case SettingType.Switch() ->
                    setting.byDefault().equals(Optional.of("true")) && option.negatable()
                            ? "false"
                            : "true";
            case SettingType.WholeNumber() -> "3";
            case SettingType.Decimal() -> "0.5";
            case SettingType.Size() -> "64MiB";
            case SettingType.Time() -> "5s";
            case SettingType.Place() -> "/somewhere";
            case SettingType.Choice(List<String> words) -> words.getLast();
            case SettingType.Text() ->
                    SAMPLES.stream()
                            .filter(text -> converts(option, text))
                            .findFirst()
                            .orElseThrow();
        };
    }

    private static final List<String> SAMPLES =
            List.of("example.org", "10.0.0.0/8", "info", "http://localhost:4318");

    private static boolean converts(OptionSpec option, String text) {
        try {
            if (option.converters().length > 0) {
                option.converters()[0].convert(text);
            }
            return true;
        } catch (Exception e) { // as the converter declares
            return false;
        }
    }

    private static String flag(Setting setting, String sample) {
        if (!(setting.type() instanceof SettingType.Switch)) {
            return setting.flag() + "=" + sample;
        }
        return sample.equals("true") ? setting.flag() : setting.flag().replace("--", "--no-");
    }

    @Test
    void what_serve_is_given_is_what_config_prints() throws IOException {
        Path file = folder.resolve("application.yaml");
        Files.writeString(
                file, "server:\n  port: 1\n  stuck-after: 10m\nmedia:\n  offline: true\n");

        assertEquals(
                0,
                run(
                        Map.of("MOONGLASS_SERVER_PORT", "2"),
                        "config",
                        "--config=" + file,
                        "--model=/a",
                        "--model=b=/c"));

        String said = out.toString();
        assertTrue(said.contains("  port: 2 # variable MOONGLASS_SERVER_PORT\n"), said);
        assertTrue(said.contains("  stuck-after: 10m # file %s:3\n".formatted(file)), said);
        assertTrue(said.contains("  offline: true # file %s:5\n".formatted(file)), said);
        assertTrue(said.contains("  model: # flag --model\n    - /a\n    - b=/c\n"), said);
        assertTrue(said.contains("  host: 127.0.0.1 # default\n"), said);
    }

    /// A default of the file must not turn a flag around.
    @Test
    void a_flag_that_switches_means_the_same_whatever_the_file_says() throws IOException {
        Path file = folder.resolve("application.yaml");
        Files.writeString(
                file,
                "media:\n  offline: true\nbatching:\n  speculation: false\nserver:\n  reasoning: false\n");

        run(
                Map.of("MOONGLASS_SERVER_REASONING", "false"),
                "config",
                "--config=" + file,
                "--offline",
                "--speculation",
                "--no-prefix-cache",
                "--reasoning");

        String said = out.toString();
        assertTrue(said.contains("  offline: true # flag --offline\n"), said);
        assertTrue(said.contains("  speculation: true # flag --speculation\n"), said);
        assertTrue(said.contains("  prefix-cache: false # flag --prefix-cache\n"), said);
        assertTrue(said.contains("  reasoning: true # flag --reasoning\n"), said);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    media:⏎  max-image-bytes: 20 apples | FILE line 2: media.max-image-bytes is "20 apples"; want a whole number of bytes, or one with a unit, such as 512MiB or 4GiB
                    server:⏎  port: many               | FILE line 2: server.port is "many"; want a whole number
                    server:⏎  port: 99999              | FILE line 2: server.port is 99999; want 0 to 65535
                    server:⏎  request-timeout: soon    | FILE line 2: server.request-timeout is "soon"; want seconds, or a number with a unit, such as 90s, 10m or 500ms
                    server:⏎  request-timeout: 0       | FILE line 2: server.request-timeout is 0.0; want seconds, above 0 and at most 1,000,000,000
                    server:⏎  body-budget: 0           | FILE line 2: server.body-budget is 0; want room for a body, such as 256MiB
                    compute:⏎  threads: 0              | FILE line 2: compute.threads is 0; want 1 or more
                    media:⏎  jpeg-decoding: quick      | FILE line 2: media.jpeg-decoding is "quick"; want exact or reduced
                    weights:⏎  weights: q3             | FILE line 2: weights.weights is "q3"; want one of f32, bf16, q8, q4, keep, stored
                    media:⏎  allow-media-host: [a.org, "b c"] | FILE line 2: media.allow-media-host is "b c"; want one like example.com, *.example.com or example.com:8443
                    """)
    void a_value_that_cannot_be_is_refused_with_its_place_and_no_server_starts(
            String yaml, String fault) throws IOException {
        Path file = folder.resolve("application.yaml");
        Files.writeString(file, yaml.replace('⏎', '\n') + "\n");
        String line = "moonglass: " + fault.replace("FILE", file.toString()) + "\n";

        assertEquals(2, run(Map.of(), "config", "--config=" + file));
        assertEquals(line, err.toString());
        err.getBuffer().setLength(0);
        assertEquals(2, run(Map.of(), "config", "--check=" + file));
        assertEquals(line, err.toString());
        err.getBuffer().setLength(0);
        assertEquals(2, run(Map.of(), "serve", "--config=" + file, "--model=/nowhere"));
        assertEquals(line, err.toString());
        assertEquals("", out.toString());
    }

    @Test
    void a_variable_that_cannot_be_is_refused_by_its_name() {
        assertEquals(2, run(Map.of("MOONGLASS_MEDIA_MAX_IMAGES", "many"), "serve"));

        assertEquals(
                "moonglass: MOONGLASS_MEDIA_MAX_IMAGES is \"many\"; want a whole number\n",
                err.toString());
    }

    @Test
    void other_commands_take_no_settings() {
        assertEquals(
                2,
                run(
                        Map.of("MOONGLASS_SERVER_PROT", "1", "MOONGLASS_CONFIG", "/nowhere"),
                        "ask",
                        "--model=/nowhere",
                        "what?"));

        assertEquals("moonglass: no model in /nowhere\n", err.toString());
    }

    @Test
    void help_needs_no_file() {
        assertEquals(0, run(Map.of("MOONGLASS_CONFIG", "/nowhere"), "serve", "--help"));
        assertEquals(2, run(Map.of("MOONGLASS_CONFIG", "/nowhere"), "serve"));
    }

    @Test
    void a_file_is_checked_without_what_it_names() throws IOException {
        Path file = folder.resolve("application.yaml");
        Files.writeString(
                file,
                "keys:\n  api-key-file: /nowhere/keys\nmedia:\n  folder: /nowhere\nmodels:\n  model: /nowhere\n");

        assertEquals(0, run(Map.of(), "config", "--check=" + file), err.toString());
        assertTrue(out.toString().contains(file + " was read"), out.toString());
        assertTrue(out.toString().contains("by the file: 3"), out.toString());
    }

    @Test
    void the_page_of_all_settings_is_what_is_described() throws IOException {
        assertEquals(0, run(Map.of(), "config", "--describe"));

        assertEquals(
                Files.readString(Path.of("..", "docs", "configuration.md")),
                out.toString(),
                "write it anew: ./moonglass config --describe >docs/configuration.md");
    }

    private int run(Map<String, String> environment, String... arguments) {
        Map<String, String> all = new HashMap<>(Map.of("MOONGLASS_CONFIG", "/dev/null"));
        all.putAll(environment);
        return Main.run(
                NO_MODEL, all, new PrintWriter(out, true), new PrintWriter(err, true), arguments);
    }
}
