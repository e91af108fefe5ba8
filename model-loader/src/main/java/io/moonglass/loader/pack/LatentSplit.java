package io.moonglass.loader.pack;

import io.moonglass.loader.config.TextConfig;
import io.moonglass.tensor.PanelMatrix;
import io.moonglass.tensor.WeightMatrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// How `kv_b_proj`, which makes keys and values of latents, is stored as panels: as it is, for prompts,
/// and its keys' part once more, transposed, because a generated token's queries are multiplied with
/// its columns.
///
/// | tensor | shape |
/// |---|---|
/// | `kv_b_proj` | `[numHeads * (nope + vHeadDim), kvLoraRank]`: per head keys, then values |
/// | `k_b_proj` | `[numHeads * kvLoraRank, nope]`: per head the keys' part, transposed |
final class LatentSplit {

    private static final String JOINED = "kv_b_proj.weight";
    private static final String KEYS = "k_b_proj.weight";

    private final TextConfig text;

    LatentSplit(TextConfig text) {
        this.text = text;
    }

    /// The tensors of a packed folder for those of its source.
    ///
    /// @param isQuantized whether the decoder's matrices become panels
    Map<String, PackedFile.Entry> tensors(
            Map<String, PackedFile.Entry> stored, boolean isQuantized) {
        boolean wholePanels =
                text.kvLoraRank() % PanelMatrix.PANEL_ROWS == 0
                        && text.qkNopeHeadDim() % PanelMatrix.PANEL_ROWS == 0
                        && text.vHeadDim() % PanelMatrix.PANEL_ROWS == 0;
        if (!isQuantized || !wholePanels) {
            return stored;
        }
        Map<String, PackedFile.Entry> tensors = new LinkedHashMap<>();
        stored.forEach((name, entry) -> {
            tensors.put(name, entry);
            if (name.endsWith(JOINED)) {
                long[] shape = {numKeyRows(), text.qkNopeHeadDim()};
                tensors.put(keysOf(name), new PackedFile.Entry(entry.kind(), shape));
            }
        });
        return tensors;
    }

    /// Whether a tensor is one of these two, stored as panels.
    static boolean isPanels(String name, Set<String> tensors) {
        return source(name).isPresent() || name.endsWith(JOINED) && tensors.contains(keysOf(name));
    }

    /// The tensor that transposed keys are a part of; empty for another.
    static Optional<String> source(String name) {
        return name.endsWith("." + KEYS)
                ? Optional.of(name.substring(0, name.length() - KEYS.length()) + JOINED)
                : Optional.empty();
    }

    private static String keysOf(String joined) {
        return joined.substring(0, joined.length() - JOINED.length()) + KEYS;
    }

    /// Rows of the transposed keys.
    int numKeyRows() {
        return text.numHeads() * text.kvLoraRank();
    }

    int numSourceRows() {
        return text.numHeads() * headRows();
    }

    /// The rows of one panel of transposed keys.
    WeightMatrix panelRows(WeightMatrix source, int panel, Arena arena) {
        int row = panel * PanelMatrix.PANEL_ROWS;
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
}
