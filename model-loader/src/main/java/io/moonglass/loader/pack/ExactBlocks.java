package io.moonglass.loader.pack;

import io.moonglass.loader.gguf.FoundTensor;
import io.moonglass.loader.gguf.GgmlType;
import io.moonglass.tensor.BlockLayout;
import io.moonglass.tensor.BlockSource;
import io.moonglass.tensor.PanelType;
import io.moonglass.tensor.StoredBlocks;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// Which blocks of GGUF files panels hold as they are.
final class ExactBlocks {

    private ExactBlocks() {}

    /// The panels that keep most of a type's numbers. All of these that have more bits than the type has are larger than
    /// it, and lose next to nothing.
    static PanelType panels(GgmlType type) {
        return switch (type) {
            case Q4_0 -> PanelType.Q4;
            case F32, F16, BF16, Q8_0, Q5_0, Q5_1, Q4_1 -> PanelType.Q8;
            case Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS -> PanelType.Q8;
        };
    }

    /// Rows for panels that take them bit for bit; empty where numbers have to be rounded.
    ///
    /// @param rows whole rows of a matrix
    static Optional<BlockSource> of(
            FoundTensor.Piece rows, int numRows, int numColumns, PanelType panels) {
        Optional<BlockLayout> layout = layout(rows.tensor().type(), panels);
        return layout.map(found -> {
            GgmlType type = rows.tensor().type();
            MemorySegment data =
                    rows.tensor().data().asSlice(type.bytes(rows.from()), type.bytes(rows.count()));
            return new StoredBlocks(data, found, numRows, numColumns);
        });
    }

    private static Optional<BlockLayout> layout(GgmlType type, PanelType panels) {
        return switch (type) {
            case Q4_0 -> Optional.of(BlockLayout.Q4_0); // what fits 4 bits fits 8
            case Q8_0 -> panels == PanelType.Q8 ? Optional.of(BlockLayout.Q8_0) : Optional.empty();
            case F32, F16, BF16, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS ->
                    Optional.empty();
        };
    }
}
