package io.moonglass.server.command;

import java.io.PrintWriter;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `moonglass completion`: what a shell needs to complete commands and options.
@Command(
        name = "completion",
        description = "Print a script with which a shell completes commands and options.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass completion bash >/etc/bash_completion.d/moonglass",
            "  moonglass completion zsh >>~/.zshrc",
            "  source <(moonglass completion bash)"
        })
final class CompletionCommand implements Callable<Integer> {

    private static final List<String> SHELLS = List.of("bash", "zsh");

    /// Takes file names away from values of which picocli does not see that they may be files.
    private static final Pattern NO_FILES =
            Pattern.compile("(?m)^ *type compopt &>/dev/null && compopt \\+o default\n");

    @Spec private CommandSpec spec;

    @Parameters(
            paramLabel = "SHELL",
            completionCandidates = Shells.class,
            description = "${COMPLETION-CANDIDATES}.")
    private String shell;

    /// What there are scripts for.
    static final class Shells implements Iterable<String> {

        @Override
        public Iterator<String> iterator() {
            return SHELLS.iterator();
        }
    }

    /// One script serves both: it has zsh load what understands bash's.
    @Override
    public Integer call() {
        if (!SHELLS.contains(shell)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "completion for \"%s\"; want %s".formatted(shell, String.join(" or ", SHELLS)));
        }
        PrintWriter out = spec.commandLine().getOut();
        String script = AutoComplete.bash("moonglass", spec.root().commandLine());
        out.print(NO_FILES.matcher(script).replaceAll(""));
        out.flush();
        return 0;
    }
}
