package io.moonglass.server.command;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.pack.ModelFiles;
import io.moonglass.loader.pack.PackReport;
import io.moonglass.loader.pack.SuitableFormat;
import io.moonglass.loader.pack.WeightFormat;
import io.moonglass.loader.pack.WeightFormats;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// What `pack` and `synth` write.
final class PackTarget {

    @Option(
            names = "--weights",
            paramLabel = "FORMAT",
            description =
                    "What the large matrices are stored as: ${COMPLETION-CANDIDATES}, the last what keeps most of each (default: keep for a model in GGUF; else it has to be said).",
            converter = FormatConverter.class,
            completionCandidates = FormatConverter.class)
    private Optional<WeightFormat> weights = Optional.empty();

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
                    "Print {\"directory\", \"weights\", \"vision_weights\", \"bytes\"} when it is written, from GGUF with what became of its \"tensors\".")
    private boolean json;

    @Mixin private ComputeOptions compute;

    /// The form of `--json`.
    @JsonNaming(SnakeCaseStrategy.class)
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    private record Written(
            String directory,
            String weights,
            String visionWeights,
            long bytes,
            List<WrittenTensor> tensors) {}

    /// What became of a tensor of a GGUF file.
    @JsonNaming(SnakeCaseStrategy.class)
    private record WrittenTensor(String name, String from, String to, double relativeError) {}

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

    /// Says that it is written, where that is asked for, and what became of a GGUF file's tensors.
    void tell(WeightFormats formats, ModelFiles written, PackReport report, PrintWriter out) {
        if (json) {
            PrintedJson.print(
                    new Written(
                            directory.toString(),
                            formats.decoder().spelling(),
                            formats.vision().spelling(),
                            SuitableFormat.weightBytes(written),
                            report.tensors().stream().map(PackTarget::written).toList()),
                    out);
        } else {
            report.lines().forEach(out::println);
        }
    }

    /// The same of random weights.
    void tell(PrintWriter out) {
        tell(weights(), new ModelFiles.Folder(directory), PackReport.EMPTY, out);
    }

    private static WrittenTensor written(PackReport.Tensor tensor) {
        return new WrittenTensor(tensor.name(), tensor.from(), tensor.to(), tensor.relativeError());
    }
}
