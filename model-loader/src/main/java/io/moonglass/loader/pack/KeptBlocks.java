package io.moonglass.loader.pack;

import io.moonglass.loader.gguf.FoundTensor;
import io.moonglass.loader.gguf.GgmlType;
import io.moonglass.tensor.BlockLayout;
import io.moonglass.tensor.BlockSource;
import io.moonglass.tensor.PanelType;
import io.moonglass.tensor.StoredBlocks;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// Which blocks of GGUF files go into panels with their own numbers.
final class KeptBlocks {

    private KeptBlocks() {}

    /// The panels that keep most of a type's numbers: those that hold its blocks, else 8 bits, which lose next to
    /// nothing.
    static PanelType panels(GgmlType type) {
        return layout(type).map(BlockLayout::panels).orElse(PanelType.Q8);
    }

    /// Whether panels take a type's numbers as they are.
    static boolean areTaken(GgmlType type) {
        return layout(type).isPresent();
    }

    /// Rows for panels that take them as they are; empty where numbers have to be rounded anew.
    ///
    /// @param rows whole rows of a matrix
    static Optional<BlockSource> of(
            FoundTensor.Piece rows, int numRows, int numColumns, PanelType panels) {
        GgmlType type = rows.tensor().type();
        return layout(type)
                .filter(layout -> layout.panels() == panels || isWidened(layout, panels))
                .map(layout -> {
                    MemorySegment data =
                            rows.tensor()
                                    .data()
                                    .asSlice(type.bytes(rows.from()), type.bytes(rows.count()));
                    return new StoredBlocks(data, layout, numRows, numColumns);
                });
    }

    /// Whether panels give back the values of a type that go into them so, bit for bit.
    static boolean areExact(GgmlType type) {
        return type != GgmlType.Q4_K && type != GgmlType.IQ4_XS; // their scales are rounded
    }

    /// What fits 4 bits fits 8.
    private static boolean isWidened(BlockLayout layout, PanelType panels) {
        return layout.panels() == PanelType.Q4 && panels == PanelType.Q8;
    }

    private static Optional<BlockLayout> layout(GgmlType type) {
        return switch (type) {
            case Q4_0 -> Optional.of(BlockLayout.Q4_0);
            case Q4_1 -> Optional.of(BlockLayout.Q4_1);
            case Q5_0 -> Optional.of(BlockLayout.Q5_0);
            case Q8_0 -> Optional.of(BlockLayout.Q8_0);
            case IQ4_NL -> Optional.of(BlockLayout.IQ4_NL);
            case Q3_K -> Optional.of(BlockLayout.Q3_K);
            case Q4_K -> Optional.of(BlockLayout.Q4_K);
            case IQ4_XS -> Optional.of(BlockLayout.IQ4_XS);
            case F32, F16, BF16, Q5_1, Q2_K, Q5_K, Q6_K -> Optional.empty();
        };
    }
}
