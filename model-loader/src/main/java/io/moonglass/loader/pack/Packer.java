package io.moonglass.loader.pack;

import io.moonglass.loader.disk.NewFolder;
import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.loader.safetensors.PackManifest;
import io.moonglass.tensor.FloatMatrix;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.ThreadTeam;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;

/// Writes packed directories: checkpoints in Hugging Face layout whose large matrices may be panels, so
/// that opening one is a map. One is there as a whole or not at all ([NewFolder]).
final class Packer {

    static final String WEIGHTS_FILE = "model.safetensors";

    /// Elements and panels that a thread takes at once.
    private static final int ELEMENT_PIECE = 1 << 18;

    private static final int PANEL_PIECE = 4;

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
        try (PackedFile file = new PackedFile(directory.resolve(WEIGHTS_FILE), entries);
                Arena arena = Arena.ofShared()) {
            MemorySegment[] buffers = buffers(layout, arena);
            int numTensors = 0;
            long numBytes = 0;
            for (Map.Entry<String, PackedFile.Entry> entry : entries.entrySet()) {
                String name = entry.getKey();
                source.begin(name);
                switch (layout.forms().get(name)) {
                    case PackedForm.Panels _ ->
                            writePanels(name, layout.panels().get(name), file, buffers);
                    case PackedForm.Elements(var kind) -> {
                        long size = entry.getValue().bytes() / kind.bytes();
                        writeElements(name, kind, size, file, buffers);
                    }
                }
                numBytes += entry.getValue().bytes();
                progress.at(++numTensors, entries.size(), numBytes, numBytesAll);
            }
            file.force();
        }
    }

    /// One for each thread, for the largest piece of all.
    private MemorySegment[] buffers(PackLayout layout, Arena arena) {
        long panelBytes =
                layout.panels().values().stream()
                        .mapToLong(shape -> PANEL_PIECE * shape.panelBytes())
                        .max()
                        .orElse(0);
        long bytes = Math.max(panelBytes, (long) ELEMENT_PIECE * Float.BYTES);
        MemorySegment[] buffers = new MemorySegment[team.size()];
        for (int member = 0; member < buffers.length; member++) {
            buffers[member] = arena.allocate(bytes, FloatMatrix.ALIGNMENT);
        }
        return buffers;
    }

    private void writePanels(
            String name, PackManifest.PanelShape shape, PackedFile file, MemorySegment[] buffers) {
        int numPanels = PanelMatrix.numPanels(shape.numRows());
        int numPieces = (numPanels + PANEL_PIECE - 1) / PANEL_PIECE;
        team.run(
                numPieces,
                (piece, member) -> {
                    int from = piece * PANEL_PIECE;
                    int numRows =
                            Math.min(
                                    PANEL_PIECE * PanelMatrix.PANEL_ROWS,
                                    shape.numRows() - from * PanelMatrix.PANEL_ROWS);
                    int count = PanelMatrix.numPanels(numRows);
                    MemorySegment part = buffers[member].asSlice(0, count * shape.panelBytes());
                    PanelMatrix rows =
                            new PanelMatrix(part, shape.type(), numRows, shape.numColumns());
                    for (int panel = 0; panel < count; panel++) {
                        source.writePanel(name, from + panel, rows.panel(panel), member);
                    }
                    file.write(name, from * shape.panelBytes(), part);
                });
    }

    private void writeElements(
            String name, ElementKind kind, long size, PackedFile file, MemorySegment[] buffers) {
        int numPieces = Math.toIntExact((size + ELEMENT_PIECE - 1) / ELEMENT_PIECE);
        team.run(
                numPieces,
                (piece, member) -> {
                    long from = (long) piece * ELEMENT_PIECE;
                    long to = Math.min(from + ELEMENT_PIECE, size);
                    MemorySegment part = buffers[member].asSlice(0, (to - from) * kind.bytes());
                    source.writeElements(name, kind, from, to, part);
                    file.write(name, from * kind.bytes(), part);
                });
    }
}
