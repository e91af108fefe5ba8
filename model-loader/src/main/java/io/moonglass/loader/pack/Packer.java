package io.moonglass.loader.pack;

import io.moonglass.loader.disk.NewFolder;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.ThreadTeam;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;

/// Writes packed directories: checkpoints in Hugging Face layout whose large matrices may be panels, so
/// that opening one is a map. One is there as a whole or not at all ([NewFolder]).
final class Packer {

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
    /// @throws ModelFormatException if the source has something that could not be loaded later
    void pack(Path directory) {
        try (NewFolder folder = NewFolder.begin(directory)) {
            source.checkCompanions();
            PackLayout layout = source.layout(formats);
            Path unfinished = folder.path();
            Room.check(
                    unfinished.getParent(), layout.bytes() + COMPANION_BYTES, "the packed model");
            writeWeights(layout, unfinished);
            source.writeCompanions(unfinished);
            new PackManifest(formats.decoder().spelling(), source.hashes(), layout.panels())
                    .write(unfinished);
            folder.commit();
        } catch (IOException | UncheckedIOException e) {
            throw new ConfigException(
                    "%s: cannot be written: %s; name a folder that can be made"
                            .formatted(directory, e.getMessage()),
                    e);
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
}
