package io.moonglass.loader.pack;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// How `kv_b_proj`, which makes keys and values of latents, is stored as panels: cut in two, the keys'
/// part transposed, because queries are multiplied with its columns. GGUF files cut it alike.
///
/// | tensor | shape |
/// |---|---|
/// | `kv_b_proj` | `[numHeads * (nope + vHeadDim), kvLoraRank]`: per head keys, then values |
/// | `k_b_proj` | `[numHeads * kvLoraRank, nope]` |
/// | `v_b_proj` | `[numHeads * vHeadDim, kvLoraRank]` |
final class LatentSplit {

    private static final String JOINED = "kv_b_proj.weight";
    private static final String KEYS = "k_b_proj.weight";
    private static final String VALUES = "v_b_proj.weight";

    private final TextConfig text;

    LatentSplit(TextConfig text) {
        this.text = text;
    }

    /// The tensors of a packed folder for those of its source.
    Map<String, PackedFile.Entry> tensors(
            Map<String, PackedFile.Entry> stored, WeightFormat format) {
        boolean wholePanels =
                text.kvLoraRank() % PanelMatrix.PANEL_ROWS == 0
                        && text.vHeadDim() % PanelMatrix.PANEL_ROWS == 0;
        if (format.panels().isEmpty() || !wholePanels) {
            return stored;
        }
        Map<String, PackedFile.Entry> tensors = new LinkedHashMap<>();
        stored.forEach((name, entry) -> {
            if (name.endsWith(JOINED)) {
                String prefix = name.substring(0, name.length() - JOINED.length());
                tensors.put(
                        prefix + KEYS,
                        entry(
                                entry.kind(),
                                text.numHeads() * text.kvLoraRank(),
                                text.qkNopeHeadDim()));
                tensors.put(
                        prefix + VALUES,
                        entry(entry.kind(), text.numHeads() * text.vHeadDim(), text.kvLoraRank()));
            } else {
                tensors.put(name, entry);
            }
        });
        return tensors;
    }

    /// The tensor that a part was cut from; empty for what is no part.
    static Optional<String> source(String name) {
        for (String part : new String[] {KEYS, VALUES}) {
            if (name.endsWith("." + part)) {
                return Optional.of(name.substring(0, name.length() - part.length()) + JOINED);
            }
        }
        return Optional.empty();
    }

    int numSourceRows() {
        return text.numHeads() * headRows();
    }

    /// The rows of one panel of a part.
    WeightMatrix panelRows(String name, WeightMatrix source, int panel, Arena arena) {
        int row = panel * PanelMatrix.PANEL_ROWS;
        if (name.endsWith(VALUES)) {
            int head = row / text.vHeadDim();
            int first = head * headRows() + text.qkNopeHeadDim() + row % text.vHeadDim();
            return source.rows(first, PanelMatrix.PANEL_ROWS);
        }
        int head = row / text.kvLoraRank();
        WeightMatrix keys = source.rows(head * headRows(), text.qkNopeHeadDim());
        return transposed(keys, row % text.kvLoraRank(), arena);
    }

    private int headRows() {
        return text.qkNopeHeadDim() + text.vHeadDim();
    }

    /// Sixteen columns as rows.
    private static WeightMatrix transposed(WeightMatrix source, int firstColumn, Arena arena) {
        int bytes = source.type().bytes();
        int numRows = PanelMatrix.PANEL_ROWS;
        MemorySegment data = arena.allocate((long) numRows * source.numRows() * bytes, 64);
        for (int row = 0; row < numRows; row++) {
            for (int column = 0; column < source.numRows(); column++) {
                long from = (long) column * source.numColumns() + firstColumn + row;
                long to = (long) row * source.numRows() + column;
                MemorySegment.copy(source.data(), from * bytes, data, to * bytes, bytes);
            }
        }
        return new WeightMatrix(data, source.type(), numRows, source.numRows());
    }

    private static PackedFile.Entry entry(ElementKind kind, long... shape) {
        return new PackedFile.Entry(kind, shape);
    }
}
