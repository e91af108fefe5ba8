package io.moonglass.server.command;

import io.moonglass.loader.fault.ConfigException;
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
            paramLabel = "FORMAT",
            description =
                    "What the large matrices are stored as: ${COMPLETION-CANDIDATES}, the last what keeps most of each.",
            converter = FormatConverter.class,
            completionCandidates = FormatConverter.class)
    private Optional<WeightFormat> weights = Optional.empty();

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

    /// @throws ConfigException if no format is named
    WeightFormats weights() {
        return weights(
                weights.orElseThrow(() ->
                        new ConfigException(
                                "--weights is missing; want one of %s"
                                        .formatted(String.join(", ", new FormatConverter())))));
    }

    /// @param absent the format where none is named
    WeightFormats weightsOr(WeightFormat absent) {
        return weights(weights.orElse(absent));
    }

    private WeightFormats weights(WeightFormat decoder) {
        return visionWeights
                .map(vision -> new WeightFormats(decoder, vision))
                .orElse(WeightFormats.of(decoder));
    }

    boolean hasVisionWeights() {
        return visionWeights.isPresent();
    }

    Path directory() {
        return directory;
    }

    int numThreads() {
        return compute.chatModel().numThreads();
    }
}
