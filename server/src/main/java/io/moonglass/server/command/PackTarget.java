package io.moonglass.server.command;

import io.moonglass.loader.pack.WeightFormat;
import io.moonglass.loader.pack.WeightFormats;
import java.nio.file.Path;
import java.util.Optional;
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
            names = "--vision-weights",
            paramLabel = "FORMAT",
            description =
                    "The same for MoonViT and the projector (default: as --weights, but q8 for q4).",
            converter = FormatConverter.class)
    private Optional<WeightFormat> visionWeights = Optional.empty();

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "The folder to make; must not be there yet.")
    private Path directory;

    @Mixin private ComputeOptions compute;

    WeightFormats weights() {
        return visionWeights
                .map(vision -> new WeightFormats(weights, vision))
                .orElse(WeightFormats.of(weights));
    }

    Path directory() {
        return directory;
    }

    int numThreads() {
        return compute.chatModel().numThreads();
    }
}
