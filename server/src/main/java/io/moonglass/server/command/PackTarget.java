package io.moonglass.server.command;

import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.loader.pack.SuitableFormat;
import io.moonglass.loader.pack.WeightFormat;
import io.moonglass.loader.pack.WeightFormats;
import java.io.PrintWriter;
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
            converter = FormatConverter.class,
            completionCandidates = FormatConverter.class)
    private Optional<WeightFormat> visionWeights = Optional.empty();

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "The folder to make; must not be there yet.")
    private Path directory;

    @Option(
            names = "--json",
            description =
                    "Print {\"directory\", \"weights\", \"vision_weights\", \"bytes\"} when it is written.")
    private boolean json;

    @Mixin private ComputeOptions compute;

    /// The form of `--json`.
    @JsonNaming(SnakeCaseStrategy.class)
    private record Written(String directory, String weights, String visionWeights, long bytes) {}

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

    /// Says that it is written, where that is asked for.
    void tell(PrintWriter out) {
        if (json) {
            WeightFormats formats = weights();
            PrintedJson.print(
                    new Written(
                            directory.toString(),
                            formats.decoder().spelling(),
                            formats.vision().spelling(),
                            SuitableFormat.weightBytes(directory)),
                    out);
        }
    }
}
