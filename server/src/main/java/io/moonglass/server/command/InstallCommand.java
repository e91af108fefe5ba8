package io.moonglass.server.command;

import io.moonglass.server.install.ModelInstallation;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `moonglass install`: a checkpoint on the volume from which it is served.
@Command(
        name = "install",
        description = {
            "Copy a checkpoint to another folder, so that it is there as a whole or not at all.",
            "Does nothing where the folder has been installed before. Of several that run at once one"
                    + " copies, and the others wait for it."
        },
        mixinStandardHelpOptions = true,
        versionProvider = Main.VersionLine.class,
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:the target is complete",
            "2:it is not: the source, a sum, the target or the room on the disk is at fault"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  moonglass install /share/Kimi-VL-A3B-Instruct /models/kimi-vl",
            "  moonglass install moonshotai/Kimi-VL-A3B-Instruct /models/kimi-vl"
        })
final class InstallCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "SOURCE",
            description = {
                "The checkpoint, a folder in Hugging Face layout or the ORG/NAME of one that was pulled.",
                "Links that lead out of it are refused, but for those of the Hugging Face cache; names"
                        + " that begin with a dot are left out."
            })
    private String source;

    @Parameters(
            index = "1",
            paramLabel = "TARGET",
            description = "The folder to make, on the same volume as its parent.")
    private Path target;

    @Option(
            names = "--sha256sums",
            paramLabel = "FILE",
            description =
                    "Copy the files that this one names, and only if they have these sums; made in the source by: sha256sum FILE... > sums (default: all files are copied).")
    private Optional<Path> sums = Optional.empty();

    @Option(
            names = "--json",
            description = "Print {\"directory\", \"copied\"} instead of a sentence.")
    private boolean json;

    /// The form of `--json`.
    ///
    /// @param copied whether it was not there before
    private record Installed(String directory, boolean copied) {

        private Installed(Path directory, boolean copied) {
            this(directory.toString(), copied);
        }
    }

    @Override
    public Integer call() {
        // one that is gone will do where the target is complete
        Path from = ModelPath.pulled(source).orElseGet(() -> Path.of(source));
        boolean copied = install(from);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            PrintedJson.print(new Installed(target, copied), out);
        } else {
            out.printf(copied ? "installed in %s%n" : "%s was installed before%n", target);
        }
        return 0;
    }

    private boolean install(Path from) {
        long start = System.nanoTime();
        try (ProgressLine progress = new ProgressLine(spec.commandLine().getErr())) {
            return new ModelInstallation(from, target, sums)
                    .run((path, numBytes, numBytesAll) ->
                            progress.show(
                                    numBytes,
                                    numBytesAll,
                                    () ->
                                            "%s, %s"
                                                    .formatted(
                                                            new TransferProgress(
                                                                    numBytes,
                                                                    numBytesAll,
                                                                    numBytes,
                                                                    Duration.ofNanos(
                                                                            System.nanoTime()
                                                                                    - start)),
                                                            path)));
        }
    }
}
