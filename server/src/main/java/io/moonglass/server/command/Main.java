package io.moonglass.server.command;

import io.moonglass.clients.BadRequestException;
import io.moonglass.clients.NotFoundException;
import io.moonglass.clients.RequestTooLargeException;
import io.moonglass.clients.UnauthorizedException;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.runtime.ChatModel;
import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.LocalChatModel;
import io.moonglass.server.http.Version;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The command line. Exit codes: 0 done, 1 failed, 2 asked for in a way that cannot work.
@Command(
        name = "moonglass",
        description = "A vision-language inference server for the Kimi-VL family.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done",
            "1:failed",
            "2:asked for in a way that cannot work; one line on standard error says what to mend",
            "130:ended with Ctrl-C"
        },
        footer = {"%nmoonglass COMMAND --help tells of one; docs/command-line.md of all."})
public final class Main implements Callable<Integer> {

    private static final Pattern CONTROLS = Pattern.compile("\\p{Cntrl}+");
    private static final int FAILED = 1;
    private static final int CANNOT_WORK = 2;

    @Spec private CommandSpec spec;

    private final SettingsArguments settings;

    private boolean verbose;

    private Main(SettingsArguments settings) {
        this.settings = settings;
    }

    /// What `--version` prints.
    static final class VersionLine implements IVersionProvider {

        @Override
        public String[] getVersion() {
            return new String[] {
                "moonglass %s (Java %s)".formatted(Version.VERSION, Runtime.version())
            };
        }
    }

    /// Says what is going on in detail, and shows the stack of a fault.
    @Option(
            names = {"-v", "--verbose"},
            description = "Log in detail; show the stack trace of a fault.",
            scope = ScopeType.INHERIT)
    private void setVerbose(boolean on) {
        verbose = on;
        if (on) {
            Logging.beVerbose();
        }
    }

    public static void main(String[] arguments) {
        keepLogToTheEnd();
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(run(Main::openInProcess, out, err, arguments));
    }

    /// Unless the operator has chosen another log manager. Here and not in the manager, whose superclass
    /// reads the property as soon as a method of it is called.
    private static void keepLogToTheEnd() {
        if (System.getProperty("java.util.logging.manager") == null) {
            System.setProperty("java.util.logging.manager", LastingLogManager.class.getName());
        }
    }

    static ChatModel openInProcess(Path directory, ChatModelOptions options) {
        return LocalChatModel.load(directory, options);
    }

    /// Runs one command to its end.
    static int run(ModelOpener models, PrintWriter out, PrintWriter err, String... arguments) {
        return run(models, System.getenv(), out, err, arguments);
    }

    /// @param environment that settings are taken from
    static int run(
            ModelOpener models,
            Map<String, String> environment,
            PrintWriter out,
            PrintWriter err,
            String... arguments) {
        CommandLine commands = commands(models, environment).setOut(out).setErr(err);
        Main main = commands.getCommand();
        String[] completed;
        try {
            Logging.configure();
            completed = main.settings.complete(commands, arguments);
        } catch (ConfigException e) {
            return main.failed(e, commands, null);
        }
        try {
            return commands.execute(completed);
        } finally {
            Logging.endQuiet();
        }
    }

    /// All that can be typed.
    static CommandLine commands(ModelOpener models, Map<String, String> environment) {
        Path home = Path.of(System.getProperty("user.home"));
        Main main = new Main(new SettingsArguments(environment, home));
        CommandLine commands =
                new CommandLine(main)
                        .addSubcommand(new ServeCommand(models))
                        .addSubcommand(ConfigCommand.of(serveSpec(models)))
                        .addSubcommand(new AskCommand(models))
                        .addSubcommand(new ChatCommand(models))
                        .addSubcommand(new OcrCommand(models))
                        .addSubcommand(new PullCommand(environment, home))
                        .addSubcommand(new InspectCommand())
                        .addSubcommand(new CheckCommand())
                        .addSubcommand(new EvalCommand(models))
                        .addSubcommand(new PackCommand())
                        .addSubcommand(new SynthCommand())
                        .addSubcommand(new CompareCommand())
                        .addSubcommand(new BenchCommand())
                        .addSubcommand(new LoadCommand())
                        .addSubcommand(new KeyCommand())
                        .addSubcommand(new SelftestCommand())
                        .addSubcommand(new InstallCommand())
                        .addSubcommand(new CompletionCommand())
                        .setUsageHelpAutoWidth(true)
                        .setColorScheme(Help.defaultColorScheme(colours(environment)))
                        .setParameterExceptionHandler(main::wrongUsage)
                        .setExecutionExceptionHandler(main::failed);
        ManualPage.layOut(commands);
        return commands;
    }

    /// Help goes to standard output, or to standard error where no command was named.
    private static Ansi colours(Map<String, String> environment) {
        boolean areSeen = Terminal.showsOutput() && Terminal.showsErrors();
        return areSeen && Terminal.hasColours(environment) ? Ansi.ON : Ansi.OFF;
    }

    /// Whose options `config` has too.
    private static CommandSpec serveSpec(ModelOpener models) {
        return new CommandLine(new ServeCommand(models)).getCommandSpec();
    }

    /// `moonglass` without a command.
    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return CANNOT_WORK;
    }

    private int wrongUsage(ParameterException fault, String[] arguments) {
        String message = settings.message(fault).orElseGet(() -> UsageFault.message(fault));
        fault.getCommandLine().getErr().printf("moonglass: %s%n", oneLine(message));
        return CANNOT_WORK;
    }

    private int failed(Exception fault, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        err.printf("moonglass: %s%n", oneLine(message(fault)));
        if (verbose) {
            fault.printStackTrace(err);
        }
        return switch (fault) {
            case ConfigException _,
                    InvalidRequestException _,
                    BadRequestException _,
                    RequestTooLargeException _,
                    NotFoundException _,
                    UnauthorizedException _ ->
                    CANNOT_WORK;
            default -> FAILED;
        };
    }

    private String message(Exception fault) {
        if (fault instanceof ConfigException wrong) {
            return settings.message(wrong);
        }
        return fault.getMessage() == null ? fault.toString() : fault.getMessage();
    }

    /// Another server's words and the names of files may hold anything.
    private static String oneLine(String message) {
        return CONTROLS.matcher(message).replaceAll(" ").strip();
    }
}
