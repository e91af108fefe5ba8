package io.moonglass.server.command;

import io.moonglass.server.install.ModelInstallation;
import java.nio.file.Path;
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
        footer = {"  moonglass install /share/Kimi-VL-A3B-Instruct /models/kimi-vl"})
final class InstallCommand implements Callable<Integer> {

    @Spec private CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "SOURCE",
            description = {
                "The checkpoint, a folder in Hugging Face layout.",
                "Links that lead out of it are refused, but for those of the Hugging Face cache; names"
                        + " that begin with a dot are left out."
            })
    private Path source;

    @Parameters(
            index = "1",
            paramLabel = "TARGET",
            description = "The folder to make, on the same volume as its parent.")
    private Path target;

    @Option(
            names = "--sha256sums",
            paramLabel = "FILE",
            description =
                    "Copy the files that this one names, and only if they have these sums; made in the source by: sha256sum FILE... > sums.")
    private Optional<Path> sums = Optional.empty();

    @Override
    public Integer call() {
        ProgressLine progress = new ProgressLine(spec.commandLine().getErr());
        boolean copied =
                new ModelInstallation(source, target, sums)
                        .run((path, numBytes, numBytesAll) ->
                                progress.show(
                                        numBytes,
                                        numBytesAll,
                                        () ->
                                                "%.2f of %.2f GB, %s"
                                                        .formatted(
                                                                numBytes / 1e9,
                                                                numBytesAll / 1e9,
                                                                path)));
        progress.end();
        spec.commandLine()
                .getOut()
                .printf(copied ? "installed in %s%n" : "%s was installed before%n", target);
        return 0;
    }
}
