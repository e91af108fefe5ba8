package io.moonglass.server.command;

import io.moonglass.loader.config.ModelConfig;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `moonglass inspect`: what a checkpoint is made of, without loading it.
@Command(
        name = "inspect",
        description = "Show a checkpoint's sizes; config.json alone will do.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass inspect ~/models/Kimi-VL-A3B-Instruct",
            "  moonglass inspect --json moonshotai/Kimi-VL-A3B-Instruct"
        })
final class InspectCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(names = "--json", description = "Print the sizes as JSON.")
    private boolean json;

    @Parameters(
            paramLabel = "DIR",
            description =
                    "A checkpoint in Hugging Face layout, or the ORG/NAME of one that was pulled.")
    private String named;

    @Override
    public Integer call() {
        Path directory = ModelPath.existing(named);
        ModelConfig config = ModelConfig.read(directory);
        TensorInventory inventory = TensorInventory.of(directory);
        if (json) {
            PrintedJson.print(
                    new CheckpointFigures(config, inventory).json(), spec.commandLine().getOut());
            return 0;
        }
        CheckpointReport report = new CheckpointReport(directory, config, inventory);
        spec.commandLine().getOut().print(report);
        spec.commandLine().getOut().flush();
        return 0;
    }
}
