package io.moonglass.server.command;

import io.moonglass.loader.pack.WeightFormat;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// What `pack` and `synth` write.
final class PackTarget {

    @Option(
            names = "--weights",
            required = true,
            paramLabel = "FORMAT",
            description = "What the large matrices are stored as: ${COMPLETION-CANDIDATES}.",
            converter = FormatConverter.class,
            completionCandidates = FormatConverter.class)
    private WeightFormat weights;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "The folder to make; must not be there yet.")
    private Path directory;

    @Mixin private ComputeOptions compute;

    WeightFormat weights() {
        return weights;
    }

    Path directory() {
        return directory;
    }

    int numThreads() {
        return compute.chatModel().numThreads();
    }
}
