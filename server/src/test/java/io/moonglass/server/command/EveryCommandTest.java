package io.moonglass.server.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// What is promised of all commands. They and their options come from the command line itself, so one that is added is
/// held to the same.
class EveryCommandTest {

    private static final Set<Class<?>> WHOLE_NUMBERS =
            Set.of(int.class, Integer.class, long.class, Long.class);
    private static final Set<Class<?>> DECIMALS = Set.of(double.class, Double.class);

    private static final Pattern WAY_OUT =
            Pattern.compile("[;:] (want|see|name|make|take|point|fetch|did you mean|put|send) ");

    /// For each command words that name what is not there; none where a command opens nothing.
    private static final Map<String, List<String>> NOWHERE =
            Map.ofEntries(
                    Map.entry(
                            "serve",
                            List.of(
                                    "--model /nowhere",
                                    "--model no/where",
                                    "--config /nowhere",
                                    "--api-key-file /nowhere",
                                    "--media-folder /nowhere",
                                    "--tls-certificate-file /nowhere --tls-key-file /nowhere")),
                    Map.entry("config", List.of("--check /nowhere", "--config /nowhere")),
                    Map.entry(
                            "ask",
                            List.of(
                                    "--model /nowhere what?",
                                    "--model no/where what?",
                                    "--image /nowhere what?",
                                    "--video /nowhere what?",
                                    "--file /nowhere what?",
                                    "--url nowhere what?")),
                    Map.entry(
                            "chat",
                            List.of("--model /nowhere", "--model no/where", "--image /nowhere")),
                    Map.entry(
                            "ocr",
                            List.of("/nowhere", "--model /nowhere FILE", "--model no/where FILE")),
                    Map.entry("pull", List.of("nowhere")),
                    Map.entry("inspect", List.of("/nowhere", "no/where", "FILE")),
                    Map.entry(
                            "check",
                            List.of(
                                    "--model /nowhere --golden .",
                                    "--model no/where --golden .",
                                    "--model MODEL --golden /nowhere")),
                    Map.entry("eval", List.of("--set /nowhere", "--set SET --model no/where")),
                    Map.entry(
                            "pack",
                            List.of(
                                    "--model /nowhere --weights q8 --out NEW",
                                    "--model no/where --weights q8 --out NEW",
                                    "--model MODEL --weights q8 --out FILE/new")),
                    Map.entry(
                            "synth",
                            List.of(
                                    "--config /nowhere --weights q8 --out NEW",
                                    "--config MODEL/config.json --weights q8 --out FILE/new")),
                    Map.entry(
                            "compare",
                            List.of(
                                    "--model /nowhere",
                                    "--model no/where",
                                    "--model MODEL --reference /nowhere",
                                    "--model MODEL --reference no/where",
                                    "--model MODEL --set /nowhere")),
                    Map.entry("bench", List.of("--model /nowhere", "--model no/where")),
                    Map.entry(
                            "load",
                            List.of(
                                    "--url nowhere --concurrency 1 --mix chat",
                                    "--url http://127.0.0.1:1 --concurrency 1 --mix /nowhere",
                                    "--url http://127.0.0.1:1 --concurrency 1 --mix chat --api-key-file /nowhere")),
                    Map.entry("key", List.of()),
                    Map.entry(
                            "selftest",
                            List.of(
                                    "--url nowhere",
                                    "--url http://127.0.0.1:1 --api-key-file-plain /nowhere",
                                    "--url http://127.0.0.1:1 --ca-certificate-file /nowhere")),
                    Map.entry(
                            "install",
                            List.of(
                                    "/nowhere NEW",
                                    "no/where NEW",
                                    "MODEL NEW --sha256sums /nowhere")),
                    Map.entry("completion", List.of("nowhere")));

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir private Path folder;

    @ParameterizedTest
    @MethodSource("commands")
    void help_reads_like_a_manual_page(String command) {
        assertEquals(0, run(command, "--help"), err::toString);

        String help = out.toString();
        int end = 0;
        for (String heading :
                List.of(
                        "Usage: moonglass " + command,
                        "\n\n",
                        "\nOptions:\n",
                        "\nExit codes:\n  0 ")) {
            int next = help.indexOf(heading, end);
            assertTrue(next >= end, () -> "no \"%s\" in its place in\n%s".formatted(heading, help));
            end = next + 1;
        }
        int examples = help.indexOf("\nExamples:\n  moonglass " + command);
        assertTrue(examples > end, help);
        assertTrue(
                help.substring(examples + "\nExamples:\n".length())
                        .lines()
                        .allMatch(line -> line.startsWith("  ")),
                () -> "an example is broken into two lines:\n" + help);
        assertTrue(help.lines().allMatch(line -> line.length() <= 80), help);
        assertEquals("", err.toString());
    }

    @ParameterizedTest
    @MethodSource("commands")
    void help_explains_every_word_and_what_holds_without_it(String command) {
        CommandSpec spec = spec(command);
        for (PositionalParamSpec parameter : spec.positionalParameters()) {
            assertTrue(parameter.description().length > 0, parameter.paramLabel());
        }
        for (OptionSpec option : spec.options()) {
            String description = String.join(" ", option.description());
            assertTrue(description.length() > 10, () -> "no description: " + option);
            boolean hasDefault = option.negatable() || option.arity().max() > 0;
            assertTrue(
                    !hasDefault
                            || isRequired(option)
                            || description.matches("(?is).*\\bdefault: .+"),
                    () ->
                            "%s does not say what holds without it: %s"
                                    .formatted(option, description));
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void whatever_reports_something_does_so_as_json_if_asked(String command) {
        boolean printsScript = command.equals("completion");

        assertEquals(!printsScript, spec(command).findOption("--json") != null);
    }

    @ParameterizedTest
    @MethodSource("commands")
    void it_knows_its_version(String command) {
        assertEquals(0, run(command, "--version"), err::toString);

        assertTrue(out.toString().startsWith("moonglass development (Java "), out.toString());
    }

    @ParameterizedTest
    @MethodSource("wrongUses")
    void a_wrong_use_gets_one_line_that_says_what_to_do(List<String> words) {
        assertEquals(2, run(words.toArray(String[]::new)), err::toString);

        assertIsOneLineWithAWayOut();
    }

    @ParameterizedTest
    @MethodSource("nowhere")
    void what_is_not_there_is_named_in_one_line_that_says_what_to_do(String line) throws Exception {
        List<String> words = new ArrayList<>();
        for (String word : line.split(" ")) {
            words.add(filledIn(word));
        }

        assertEquals(2, run(words.toArray(String[]::new)), () -> err.toString() + out);

        assertIsOneLineWithAWayOut();
    }

    @Test
    void every_command_has_been_tried_with_what_is_not_there() {
        assertEquals(Set.copyOf(commands().toList()), NOWHERE.keySet());
    }

    @ParameterizedTest
    @ValueSource(strings = {"serv", "pulll", "cht", "selftset", "completon"})
    void a_misspelt_command_is_recognised(String typed) {
        assertEquals(2, run(typed));

        assertTrue(err.toString().contains("did you mean "), err.toString());
        assertIsOneLineWithAWayOut();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    serv                        | there is no command "serv"; did you mean serve? See 'moonglass --help'
                    serve --modle=x             | there is no option "--modle"; did you mean --model? See 'moonglass serve --help'
                    serve x                     | "x" belongs to no option; see 'moonglass serve --help'
                    serve --port y              | --port "y"; want a whole number; see 'moonglass serve --help'
                    serve --port 1 --port 2     | --port is given more than once; want it once; see 'moonglass serve --help'
                    ask what is this            | "is" is one word too many; put quotes around what has spaces in it; see 'moonglass ask --help'
                    ask                         | want also QUESTION; see 'moonglass ask --help'
                    ask --image                 | --image: want FILE behind it; see 'moonglass ask --help'
                    ask --temperature hot q     | --temperature "hot"; want a number; see 'moonglass ask --help'
                    ask --url http://[ q        | --url "http://["; want an address such as http://127.0.0.1:8080; see 'moonglass ask --help'
                    ask --model a --url b q     | --model=DIR, --url=URL exclude each other; want one; see 'moonglass ask --help'
                    load --url http://127.0.0.1 | want also --concurrency=N and --mix=MIX; see 'moonglass load --help'
                    """)
    void a_wrong_use_is_told_in_words_of_who_typed_it(String typed, String said) {
        assertEquals(2, run(typed.split(" ")));

        assertEquals("moonglass: " + said + "\n", err.toString());
    }

    private void assertIsOneLineWithAWayOut() {
        String said = err.toString();
        assertTrue(said.matches("moonglass: [^\n]+\n"), () -> "not one line:\n" + said);
        assertTrue(WAY_OUT.matcher(said).find(), () -> "no way out: " + said);
        assertEquals("", out.toString());
    }

    private String filledIn(String word) throws Exception {
        Path file = Path.of(getClass().getResource("EveryCommandTest.class").toURI());
        return word.replace("MODEL", DemoModel.directory().toString())
                .replace("SET", DemoModel.directory().resolveSibling("evaluation").toString())
                .replace("FILE", file.toString())
                .replace("NEW", folder.resolve("new").toString());
    }

    static Stream<String> commands() {
        return commandLine().getSubcommands().keySet().stream();
    }

    static Stream<String> nowhere() {
        return commands()
                .flatMap(command ->
                        NOWHERE.getOrDefault(command, List.of()).stream()
                                .map(words -> command + " " + words));
    }

    /// Every command with an option that is none and a word too many, and every option without its value and with one
    /// that is no number or none of the words that it takes.
    static Stream<Arguments> wrongUses() {
        List<List<String>> uses = new ArrayList<>();
        uses.add(List.of("dance"));
        uses.add(List.of("--dance"));
        commands()
                .forEach(command -> {
                    CommandSpec spec = spec(command);
                    uses.add(List.of(command, "--no-such-flag"));
                    uses.add(List.of(command, "a", "b", "c"));
                    if (spec.args().stream().anyMatch(EveryCommandTest::isRequired)) {
                        uses.add(List.of(command));
                    }
                    spec.options().forEach(option -> addWrongUses(command, option, uses));
                });
        return uses.stream().map(Arguments::of);
    }

    private static void addWrongUses(String command, OptionSpec option, List<List<String>> uses) {
        String name = option.longestName();
        if (option.arity().min() > 0) {
            uses.add(List.of(command, name));
        }
        if (isNumber(option) || option.converters().length > 0 || isAddress(option)) {
            uses.add(List.of(command, name + "=http://[no such thing"));
        }
    }

    /// Of options that exclude each other picocli says that each is.
    private static boolean isRequired(ArgSpec argument) {
        return argument.required() && argument.group() == null;
    }

    private static boolean isNumber(OptionSpec option) {
        return Stream.concat(Stream.of(option.type()), Stream.of(option.auxiliaryTypes()))
                .anyMatch(type -> WHOLE_NUMBERS.contains(type) || DECIMALS.contains(type));
    }

    private static boolean isAddress(OptionSpec option) {
        return Stream.concat(Stream.of(option.type()), Stream.of(option.auxiliaryTypes()))
                .anyMatch(URI.class::equals);
    }

    private static CommandSpec spec(String command) {
        return commandLine().getSubcommands().get(command).getCommandSpec();
    }

    private static CommandLine commandLine() {
        return Main.commands(Main::openInProcess, Map.of());
    }

    private int run(String... words) {
        InputStream usual = System.in;
        String usualWidth = System.getProperty("picocli.usage.width");
        try {
            System.setIn(new ByteArrayInputStream(new byte[0]));
            System.setProperty("picocli.usage.width", "80");
            return Main.run(
                    Main::openInProcess,
                    Map.of(),
                    new PrintWriter(out, true),
                    new PrintWriter(err, true),
                    words);
        } finally {
            System.setIn(usual);
            Optional.ofNullable(usualWidth)
                    .ifPresentOrElse(
                            width -> System.setProperty("picocli.usage.width", width),
                            () -> System.clearProperty("picocli.usage.width"));
        }
    }
}
