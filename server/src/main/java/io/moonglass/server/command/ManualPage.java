package io.moonglass.server.command;

import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/// How every command's `--help` is laid out: usage, what it does, arguments, options, exit codes, examples.
final class ManualPage {

    private static final Map<String, String> EXIT_CODES =
            new TreeMap<>(
                    Map.of(
                            "0", "done",
                            "1", "failed",
                            "2", "an option, a file or the model cannot be used"));

    /// More than these in a synopsis are read by nobody.
    private static final int MOST_OPTIONS = 24;

    private ManualPage() {}

    static void layOut(CommandLine command) {
        CommandSpec spec = command.getCommandSpec();
        UsageMessageSpec usage = spec.usageMessage();
        usage.descriptionHeading("%n")
                .parameterListHeading("%nArguments:%n")
                .optionListHeading("%nOptions:%n")
                .commandListHeading("%nCommands:%n")
                .abbreviateSynopsis(spec.options().size() > MOST_OPTIONS);
        if (usage.exitCodeList().isEmpty()) {
            usage.exitCodeList(EXIT_CODES);
        }
        usage.exitCodeListHeading("%nExit codes:%n");
        command.getSubcommands().values().forEach(ManualPage::layOut);
    }
}
