package io.moonglass.loader.pack;

import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.safetensors.Checkpoint;
import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.loader.safetensors.StoredTensor;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.PanelPacker;
import io.moonglass.tensor.WeightMatrix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// The weights of a checkpoint.
final class CheckpointSource implements WeightSource {

    private final Checkpoint checkpoint;
    private final LatentSplit split;
    private final PanelPacker[] packers;
    private final Map<String, FileHash> weightHashes = new HashMap<>();

    /// @param checkpoint closed with this
    /// @param numMembers threads that will write panels
    CheckpointSource(Checkpoint checkpoint, int numMembers) {
        this.checkpoint = checkpoint;
        this.split = new LatentSplit(checkpoint.config().text());
        this.packers =
                IntStream.range(0, numMembers)
                        .mapToObj(_ -> new PanelPacker())
                        .toArray(PanelPacker[]::new);
    }

    @Override
    public PackLayout layout(WeightFormats formats) {
        Map<String, PackedFile.Entry> entries = new LinkedHashMap<>();
        for (StoredTensor tensor : checkpoint.tensors()) {
            tensor.weightType(); // refuses what is no weight
            entries.put(tensor.name(), new PackedFile.Entry(tensor.kind(), tensor.shape()));
        }
        boolean isQuantized = formats.decoder().panels().isPresent();
        return PackLayout.of(split.tensors(entries, isQuantized), formats);
    }

    /// A file is hashed while it is packed, so that a disk is read once.
    @Override
    public void begin(String name) {
        weightHashes.computeIfAbsent(
                checkpoint.tensor(LatentSplit.source(name).orElse(name)).file(),
                file -> FileHash.start(checkpoint.directory().resolve(file)));
    }

    @Override
    public void writePanel(String name, int panel, PanelMatrix target, int member) {
        Optional<String> joined = LatentSplit.source(name);
        StoredTensor tensor = checkpoint.tensor(joined.orElse(name));
        int first = panel * PanelMatrix.PANEL_ROWS;
        try (Arena arena = Arena.ofConfined()) {
            WeightMatrix rows =
                    joined.isPresent()
                            ? split.panelRows(joinedRows(tensor), panel, arena)
                            : tensor.matrix(Math.toIntExact(tensor.shape()[0]), target.numColumns())
                                    .rows(first, target.numRows());
            packers[member].packPanel(rows, target, 0);
        } catch (IllegalArgumentException e) {
            throw new ModelFormatException(
                    "%s: tensor %s, the panel of row %d: %s"
                            .formatted(tensor.file(), name, first, e.getMessage()),
                    e);
        }
    }

    private WeightMatrix joinedRows(StoredTensor tensor) {
        return tensor.matrix(split.numSourceRows(), checkpoint.config().text().kvLoraRank());
    }

    @Override
    public void writeElements(
            String name, ElementKind kind, long from, long to, MemorySegment target) {
        StoredTensor tensor = checkpoint.tensor(name);
        if (tensor.kind() == kind) {
            long bytes = (to - from) * kind.bytes();
            MemorySegment.copy(tensor.data(), from * kind.bytes(), target, 0, bytes);
            return;
        }
        for (long i = from; i < to; i++) {
            Elements.set(target, kind, i - from, tensor.element(i));
        }
    }

    @Override
    public void writeCompanions(Path directory) throws IOException {
        for (Path file : SourceFiles.of(checkpoint).companions().values()) {
            Files.copy(file, directory.resolve(file.getFileName()));
        }
    }

    @Override
    public List<String> state() throws IOException {
        List<String> lines = new ArrayList<>();
        for (StoredTensor tensor : checkpoint.tensors()) {
            lines.add("%s in %s".formatted(tensor.name(), tensor.file()));
        }
        lines.addAll(SourceFiles.of(checkpoint).state());
        return lines;
    }

    @Override
    public void close() {
        checkpoint.close();
    }

    @Override
    public Map<String, String> hashes() throws IOException {
        Map<String, String> hashes = new TreeMap<>();
        for (StoredTensor tensor : checkpoint.tensors()) {
            begin(tensor.name()); // unless that was done when it was packed
        }
        for (Map.Entry<String, FileHash> file : weightHashes.entrySet()) {
            hashes.put(file.getKey(), file.getValue().await());
        }
        for (Map.Entry<String, Path> file : SourceFiles.of(checkpoint).companions().entrySet()) {
            hashes.put(file.getKey(), SourceFiles.sha256(file.getValue()));
        }
        return hashes;
    }
}
