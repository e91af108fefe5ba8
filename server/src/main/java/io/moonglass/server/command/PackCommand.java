package io.moonglass.server.command;

import io.moonglass.loader.pack.PackedModels;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moonglass pack`: a checkpoint in the form in which it runs.
@Command(
        name = "pack",
        description = {
            "Pack a checkpoint: quantised and in the order in which it is computed with.",
            "The new folder is a model like any other, a third of the size or less, and starts at once."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass pack --model ~/models/Kimi-VL-A3B-Instruct --weights q4 --out packed",
            "  moonglass pack --model org/name --weights q8 --out packed"
        })
final class PackCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "DIR",
            description =
                    "The checkpoint, a folder in Hugging Face layout or the ORG/NAME of one that was pulled.")
    private String model;

    @Mixin private PackTarget target;

    @Override
    public Integer call() {
        try (PackingProgress progress = new PackingProgress(spec.commandLine().getErr())) {
            PackedModels.pack(
                    ModelPath.of(model),
                    target.weights(),
                    target.directory(),
                    target.numThreads(),
                    progress);
        }
        target.tell(spec.commandLine().getOut());
        return 0;
    }
}
