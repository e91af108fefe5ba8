package io.moonglass.server.command;

import io.moonglass.server.config.EffectiveConfiguration;
import io.moonglass.server.config.SettingsDescription;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moonglass config`: the settings that `serve` would have, and where each comes from.
@Command(
        name = "config",
        description = {
            "Print the settings that 'serve' would have, with the same flags, variables and file, and where each comes from.",
            "What it prints can be used as an application.yaml."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass config",
            "  moonglass config --check application.yaml",
            "  moonglass config --describe"
        })
final class ConfigCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--json",
            description = "Print them, or what --describe or --check says, as JSON.")
    private boolean json;

    @Option(
            names = "--describe",
            description =
                    "Print what can be set instead, as Markdown: every key with its flag, variable, type and default.")
    private boolean describe;

    @Mixin private ConfigurationOptions configuration;

    private ConfigCommand() {}

    /// With all the settings of a command.
    static CommandLine of(CommandSpec serve) {
        CommandLine config = new CommandLine(new ConfigCommand());
        serve.mixins()
                .forEach((name, mixin) -> {
                    if (mixin.userObject() instanceof SettingsSection) {
                        config.getCommandSpec().addMixin(name, mixin);
                    }
                });
        return config;
    }

    @Option(
            names = "--check",
            paramLabel = "FILE",
            description =
                    "Say whether this is a file of settings: its keys and the form of their values. Files and folders that it names need not be there (default: none is looked at).")
    private void setCheck(Path file) {
        if (file != null) {
            configuration.check(file);
        }
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (describe) {
            SettingsDescription description = new SettingsDescription(ServeSettings.of(spec));
            out.print(json ? description.json() : description.markdown());
            out.flush();
            return 0;
        }
        ServeSettings.check(spec);
        if (configuration.isCheck()) {
            print(configuration.settings().summary(), out);
        } else {
            EffectiveConfiguration effective = configuration.effective();
            out.print(json ? effective.json() : effective.yaml());
        }
        out.flush();
        return 0;
    }

    /// That a file can be used.
    private void print(String summary, PrintWriter out) {
        if (json) {
            PrintedJson.print(Map.of("valid", true, "summary", summary), out);
        } else {
            out.printf("moonglass: %s%n", summary);
        }
    }
}
