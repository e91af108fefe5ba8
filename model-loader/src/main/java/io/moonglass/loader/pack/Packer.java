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
import java.util.Map;

/// Writes packed directories: checkpoints in Hugging Face layout whose large matrices may be panels, so
/// that opening one is a map. All is written in a folder beside the wanted one, which takes its name
/// when it is complete: a run that is killed leaves nothing that loads, one that fails leaves nothing.
final class Packer {

    private static final System.Logger LOG = System.getLogger(Packer.class.getName());

    static final String WEIGHTS_FILE = "model.safetensors";

    /// Elements and panels that a thread takes at once.
    private static final int ELEMENT_PIECE = 1 << 18;

    private static final int PANEL_PIECE = 8;

    /// Room for tokenizer and configuration, which are a few megabytes.
    private static final long COMPANION_BYTES = 64L << 20;

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

    /// @throws ConfigException if the folder is there already or cannot be written, or the disk has no room
    void pack(Path directory) {
        Path target = directory.toAbsolutePath().normalize();
        if (Files.exists(target)) {
            throw new ConfigException(
                    "%s: it is there already; remove it or name another".formatted(directory));
        }
        Path unfinished = target.resolveSibling("." + target.getFileName() + ".unfinished");
        boolean isComplete = false;
        try {
            PackLayout layout = source.layout(formats);
            remove(unfinished);
            Files.createDirectories(target.getParent());
            Room.check(target.getParent(), layout.bytes() + COMPANION_BYTES, "the packed model");
            Files.createDirectory(unfinished);
            writeWeights(layout, unfinished);
            source.writeCompanions(unfinished);
            new PackManifest(formats.decoder().spelling(), source.hashes(), layout.panels())
                    .write(unfinished);
            Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
            isComplete = true;
        } catch (IOException | UncheckedIOException e) {
            throw new ConfigException(
                    "%s: cannot be written: %s; name a folder that can be made"
                            .formatted(directory, e.getMessage()),
                    e);
        } finally {
            if (!isComplete) {
                tidy(unfinished);
            }
        }
    }

    /// The disk has its room back.
    private static void tidy(Path unfinished) {
        try {
            remove(unfinished);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, unfinished + " cannot be removed", e);
        }
    }

    private void writeWeights(PackLayout layout, Path directory) throws IOException {
        long numBytesAll = layout.bytes();
        Map<String, PackedFile.Entry> entries = layout.entries();
        try (PackedFile file = new PackedFile(directory.resolve(WEIGHTS_FILE), entries)) {
            int numTensors = 0;
            long numBytes = 0;
            for (Map.Entry<String, PackedFile.Entry> entry : entries.entrySet()) {
                String name = entry.getKey();
                MemorySegment target = file.tensor(name);
                source.begin(name);
                switch (layout.forms().get(name)) {
                    case PackedForm.Panels _ ->
                            writePanels(name, layout.panels().get(name), target);
                    case PackedForm.Elements(var kind) -> writeElements(name, kind, target);
                }
                numBytes += entry.getValue().bytes();
                progress.at(++numTensors, entries.size(), numBytes, numBytesAll);
            }
            file.force();
        }
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
