package io.moonglass.loader.pack;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.ThreadTeam;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.Map;

/// Writes packed directories: checkpoints in Hugging Face layout whose large matrices may be panels, so
/// that opening one is a map. All is written in a folder beside the wanted one, which takes its name
/// when it is complete: a run that is killed leaves nothing that loads.
final class Packer {

    static final String WEIGHTS_FILE = "model.safetensors";

    /// Elements and panels that a thread takes at once.
    private static final int ELEMENT_PIECE = 1 << 18;

    private static final int PANEL_PIECE = 8;

    private final WeightSource source;
    private final WeightFormats formats;
    private final ThreadTeam team;
    private final PackProgress progress;

    Packer(WeightSource source, WeightFormats formats, ThreadTeam team, PackProgress progress) {
        this.source = source;
        this.formats = formats;
        this.team = team;
        this.progress = progress;
    }

    /// @throws ConfigException if the folder is there already or cannot be written
    void pack(Path directory) {
        Path target = directory.toAbsolutePath().normalize();
        if (Files.exists(target)) {
            throw new ConfigException(
                    "--out %s: it is there already; remove it or name another"
                            .formatted(directory));
        }
        Path unfinished = target.resolveSibling("." + target.getFileName() + ".unfinished");
        try {
            remove(unfinished);
            Files.createDirectories(unfinished);
            Map<String, PackManifest.PanelShape> panels = writeWeights(unfinished);
            source.writeCompanions(unfinished);
            new PackManifest(formats.decoder().spelling(), source.hashes(), panels)
                    .write(unfinished);
            Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | UncheckedIOException e) {
            throw new ConfigException(
                    "--out %s: cannot be written: %s".formatted(directory, e.getMessage()), e);
        }
    }

    private Map<String, PackManifest.PanelShape> writeWeights(Path directory) throws IOException {
        Map<String, PackedFile.Entry> tensors = source.tensors();
        Map<String, PackedForm> forms = new LinkedHashMap<>();
        tensors.forEach((name, entry) ->
                forms.put(name, PackedForm.of(name, entry.shape().length, entry.kind(), formats)));
        Map<String, PackManifest.PanelShape> panels = new LinkedHashMap<>();
        Map<String, PackedFile.Entry> entries = new LinkedHashMap<>();
        forms.forEach((name, form) -> {
            if (form instanceof PackedForm.Panels(var type)) {
                long[] shape = tensors.get(name).shape();
                var panelShape =
                        new PackManifest.PanelShape(
                                type, Math.toIntExact(shape[0]), Math.toIntExact(shape[1]));
                panels.put(name, panelShape);
                entries.put(
                        name,
                        new PackedFile.Entry(ElementKind.U8, new long[] {panelShape.bytes()}));
            }
        });
        // After the panels, whose sizes keep them aligned.
        forms.forEach((name, form) -> {
            if (form instanceof PackedForm.Elements(var kind)) {
                entries.put(name, new PackedFile.Entry(kind, tensors.get(name).shape()));
            }
        });
        long numBytesAll = entries.values().stream().mapToLong(PackedFile.Entry::bytes).sum();
        try (PackedFile file = new PackedFile(directory.resolve(WEIGHTS_FILE), entries)) {
            int numTensors = 0;
            long numBytes = 0;
            for (Map.Entry<String, PackedFile.Entry> entry : entries.entrySet()) {
                String name = entry.getKey();
                MemorySegment target = file.tensor(name);
                switch (forms.get(name)) {
                    case PackedForm.Panels _ -> writePanels(name, panels.get(name), target);
                    case PackedForm.Elements(var kind) -> writeElements(name, kind, target);
                }
                numBytes += entry.getValue().bytes();
                progress.at(++numTensors, entries.size(), numBytes, numBytesAll);
            }
            file.force();
        }
        return panels;
    }

    private void writePanels(String name, PackManifest.PanelShape shape, MemorySegment target) {
        PanelMatrix matrix = shape.over(target, name, shape.numRows(), shape.numColumns());
        int numPieces = (matrix.numPanels() + PANEL_PIECE - 1) / PANEL_PIECE;
        team.run(
                numPieces,
                (piece, member) -> {
                    int from = piece * PANEL_PIECE;
                    int to = Math.min(from + PANEL_PIECE, matrix.numPanels());
                    for (int panel = from; panel < to; panel++) {
                        source.writePanel(name, matrix, panel, member);
                    }
                });
    }

    private void writeElements(String name, ElementKind kind, MemorySegment target) {
        long size = target.byteSize() / kind.bytes();
        int numPieces = Math.toIntExact((size + ELEMENT_PIECE - 1) / ELEMENT_PIECE);
        team.run(
                numPieces,
                (piece, _) -> {
                    long from = (long) piece * ELEMENT_PIECE;
                    source.writeElements(
                            name, kind, target, from, Math.min(from + ELEMENT_PIECE, size));
                });
    }

    /// What an earlier run left.
    private static void remove(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        Files.walkFileTree(
                directory,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path folder, IOException fault)
                            throws IOException {
                        Files.delete(folder);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }
}
