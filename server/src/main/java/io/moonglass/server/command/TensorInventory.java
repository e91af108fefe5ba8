package io.moonglass.server.command;

import io.moonglass.loader.config.ModelConfig;
import io.moonglass.loader.config.TensorShapes;
import io.moonglass.loader.gguf.GgufModel;
import io.moonglass.loader.gguf.GgufTensor;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.loader.safetensors.StoredTensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// How many tensors and parameters each part has: those that are stored, or, in a folder without
/// weights, those that config.json asks for.
///
/// @param disk what lies on disk; empty in a folder without weights
record TensorInventory(Map<ModelPart, Size> parts, Optional<Disk> disk) {

    /// @param numParameters elements of all the tensors
    record Size(long numTensors, long numParameters) {

        Size plus(Size other) {
            return new Size(numTensors + other.numTensors, numParameters + other.numParameters);
        }
    }

    /// @param numBytes      of the shards, their headers included
    /// @param bytesByKind   of the tensors alone
    record Disk(int numFiles, long numBytes, Map<String, Long> bytesByKind) {}

    static TensorInventory of(Path directory) {
        boolean hasWeights =
                Files.exists(directory.resolve("model.safetensors.index.json"))
                        || Files.exists(directory.resolve("model.safetensors"));
        return hasWeights ? stored(directory) : expected(ModelConfig.read(directory));
    }

    /// What the files of a model in GGUF hold, by the checkpoint's tensors, and on disk by their own types.
    static TensorInventory of(GgufModel model) {
        Map<ModelPart, Size> parts = new EnumMap<>(ModelPart.class);
        model.tensors()
                .forEach((name, tensor) ->
                        parts.merge(
                                ModelPart.of(name),
                                new Size(
                                        1,
                                        Arrays.stream(tensor.shape()).reduce(1, (a, b) -> a * b)),
                                Size::plus));
        Map<String, Long> bytesByKind = new TreeMap<>();
        for (GgufTensor tensor : model.stored()) {
            bytesByKind.merge(tensor.type().name(), tensor.data().byteSize(), Long::sum);
        }
        long numBytes = model.files().stream().mapToLong(TensorInventory::size).sum();
        return new TensorInventory(
                parts, Optional.of(new Disk(model.files().size(), numBytes, bytesByKind)));
    }

    /// What config.json makes of the parts, stored or not.
    static TensorInventory expected(ModelConfig config) {
        Map<ModelPart, Size> parts = new EnumMap<>(ModelPart.class);
        TensorShapes.of(config)
                .forEach((name, shape) ->
                        parts.merge(
                                ModelPart.of(name),
                                new Size(1, Arrays.stream(shape).reduce(1, (a, b) -> a * b)),
                                Size::plus));
        return new TensorInventory(parts, Optional.empty());
    }

    private static TensorInventory stored(Path directory) {
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            Map<ModelPart, Size> parts = new EnumMap<>(ModelPart.class);
            Map<String, Long> bytesByKind = new TreeMap<>();
            for (StoredTensor tensor : checkpoint.tensors()) {
                Optional<PackManifest.PanelShape> panels = checkpoint.panels(tensor.name());
                long size = panels.map(TensorInventory::size).orElseGet(tensor::size);
                if (!checkpoint.isRepeated(tensor.name())) {
                    parts.merge(ModelPart.of(tensor.name()), new Size(1, size), Size::plus);
                }
                String kind = panels.map(shape -> shape.type().name()).orElse(tensor.kind().name());
                bytesByKind.merge(kind, tensor.data().byteSize(), Long::sum);
            }
            Set<String> files =
                    checkpoint.tensors().stream()
                            .map(StoredTensor::file)
                            .collect(Collectors.toSet());
            long numBytes = files.stream().mapToLong(file -> size(directory.resolve(file))).sum();
            return new TensorInventory(
                    parts, Optional.of(new Disk(files.size(), numBytes, bytesByKind)));
        }
    }

    Size size(ModelPart part) {
        return parts.getOrDefault(part, new Size(0, 0));
    }

    Size total() {
        return parts.values().stream().reduce(new Size(0, 0), Size::plus);
    }

    private static long size(PackManifest.PanelShape shape) {
        return (long) shape.numRows() * shape.numColumns();
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
