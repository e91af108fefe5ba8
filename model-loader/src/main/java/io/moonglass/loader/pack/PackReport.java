package io.moonglass.loader.pack;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What became of each tensor of a GGUF file when it was packed.
///
/// @param tensors in the order of the files; empty for what was packed from a checkpoint
public record PackReport(List<Tensor> tensors) {

    /// Of what was not measured.
    public static final PackReport EMPTY = new PackReport(List.of());

    /// @param from          how the file stores it
    /// @param to            how it is stored now; where a tensor is there twice, in both forms
    /// @param relativeError the root mean square of all differences relative to that of the file's numbers, over up to
    ///                      64 rows of each matrix; 0 where every number is what it was
    public record Tensor(String name, String from, String to, double relativeError) {}

    private record Kind(String from, String to) {}

    public PackReport {
        tensors = List.copyOf(tensors);
    }

    /// A line for each pair of forms: how many tensors, and the one that lost most.
    public List<String> lines() {
        Map<Kind, List<Tensor>> kinds = new LinkedHashMap<>();
        for (Tensor tensor : tensors) {
            kinds.computeIfAbsent(new Kind(tensor.from, tensor.to), _ -> new ArrayList<>())
                    .add(tensor);
        }
        List<String> lines = new ArrayList<>();
        kinds.forEach((kind, all) -> lines.add(line(kind, all)));
        return lines;
    }

    private static String line(Kind kind, List<Tensor> all) {
        Tensor worst = all.getFirst();
        for (Tensor tensor : all) {
            worst = tensor.relativeError > worst.relativeError ? tensor : worst;
        }
        String lost =
                worst.relativeError == 0
                        ? "without loss"
                        : String.format(
                                Locale.ROOT,
                                "relative error at most %.1e (%s)",
                                worst.relativeError,
                                worst.name);
        return "%s to %s: %d tensor%s, %s"
                .formatted(kind.from, kind.to, all.size(), all.size() == 1 ? "" : "s", lost);
    }
}
