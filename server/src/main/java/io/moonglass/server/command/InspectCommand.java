package io.moonglass.server.command;

import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.gguf.GgufModel;
import io.moonglass.loader.pack.ModelFiles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
                    "A checkpoint in Hugging Face layout, the ORG/NAME of one that was pulled, or a decoder in GGUF.")
    private String named;

    @Mixin private VisionFileOption visionFile;

    @Override
    public Integer call() throws IOException {
        switch (visionFile.of(ModelPath.of(named))) {
            case ModelFiles.Folder _ -> {
                Path directory = ModelPath.existing(named);
                print(directory, ModelConfig.read(directory), TensorInventory.of(directory));
            }
            case ModelFiles.Gguf(var decoder, var vision) -> {
                try (GgufModel model = GgufModel.open(decoder, vision)) {
                    inspect(model);
                }
            }
        }
        return 0;
    }

    /// By what its keys make of a checkpoint's files.
    private void inspect(GgufModel model) throws IOException {
        Path companions = Files.createTempDirectory("moonglass-inspect");
        try {
            model.writeCompanions(companions);
            print(companions, model.config(), TensorInventory.of(model));
        } finally {
            try (Stream<Path> files = Files.list(companions)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(companions);
        }
    }

    private void print(Path directory, ModelConfig config, TensorInventory inventory) {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            PrintedJson.print(new CheckpointFigures(config, inventory).json(), out);
            return;
        }
        out.print(new CheckpointReport(directory, config, inventory));
        out.flush();
    }
}
