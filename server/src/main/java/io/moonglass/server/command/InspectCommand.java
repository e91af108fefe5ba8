package io.moonglass.server.command;

import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.fault.ConfigException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `moonglass inspect`: what a checkpoint is made of, without loading it.
@Command(
        name = "inspect",
        description = "Show a checkpoint's sizes; config.json alone will do.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class)
final class InspectCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Parameters(paramLabel = "DIR", description = "A checkpoint in Hugging Face layout.")
    private Path directory;

    @Override
    public Integer call() {
        if (!Files.isDirectory(directory)) {
            throw new ConfigException(
                    "%s: no such folder; want a checkpoint in Hugging Face layout"
                            .formatted(directory));
        }
        CheckpointReport report =
                new CheckpointReport(
                        directory, ModelConfig.read(directory), TensorInventory.of(directory));
        spec.commandLine().getOut().print(report);
        spec.commandLine().getOut().flush();
        return 0;
    }
}
