package io.moonglass.server.command;

import io.moonglass.runtime.ChatModelOptions;
import io.moonglass.runtime.check.CheckReport;
import io.moonglass.runtime.check.GoldenCheck;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moonglass check`: a checkpoint against recorded outputs, number by number.
@Command(
        name = "check",
        description = {
            "Run a checkpoint against a folder of recorded outputs and compare every number.",
            "Prints one line per group of tensors: the largest error relative to the largest"
                    + " expected value, or the number of values that are not exactly as recorded."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:everything agrees",
            "1:a float is off by more than 1e-5, or an id is another",
            "2:the folders cannot be used"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass check --model DIR --golden RECORDINGS",
            "  moonglass check --model DIR --golden RECORDINGS --json | jq .failed"
        })
final class CheckCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "DIR",
            description =
                    "A checkpoint in Hugging Face layout, the ORG/NAME of one that was pulled, or a decoder in GGUF.")
    private String model;

    @Mixin private FolderOptions folder;

    @Option(
            names = "--golden",
            required = true,
            paramLabel = "DIR",
            description = "A folder of recorded outputs of this checkpoint.")
    private Path golden;

    @Mixin private FiguresOptions figures;

    @Mixin private ComputeOptions compute;

    @Mixin private VisionOptions vision;

    @Override
    public Integer call() {
        Logging.beQuiet();
        ChatModelOptions options = vision.in(compute.chatModel());
        Path checkpoint =
                folder.folder(
                        ModelPath.of(model), options.numThreads(), spec.commandLine().getErr());
        CheckReport report = new GoldenCheck(checkpoint, golden, options).run();
        figures.write(report.summary(), report.lines(), spec.commandLine().getOut());
        return report.numFailed() == 0 ? 0 : 1;
    }
}
