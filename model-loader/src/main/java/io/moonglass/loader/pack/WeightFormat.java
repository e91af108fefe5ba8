package io.moonglass.loader.pack;

import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.tensor.PanelType;
import java.util.Locale;
import java.util.Optional;

/// What the large matrices of a packed model are stored as.
public enum WeightFormat {
    F32(Optional.empty()),
    BF16(Optional.empty()),
    Q8(Optional.of(PanelType.Q8)),
    Q4(Optional.of(PanelType.Q4)),
    /// What keeps most of the source's numbers, each matrix by itself: of a checkpoint's as they are, of those that a
    /// GGUF file has in blocks the panels that hold them.
    KEEP(Optional.empty());

    private final Optional<PanelType> panels;

    WeightFormat(Optional<PanelType> panels) {
        this.panels = panels;
    }

    /// How the command line and the manifest spell it.
    public String spelling() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// The panels of the matrices that tokens are multiplied with, if they are quantised.
    Optional<PanelType> panels() {
        return panels;
    }

    /// What matrices are stored as that are read row by row.
    ///
    /// @param stored what they are in the source
    ElementKind rowKind(ElementKind stored) {
        return switch (this) {
            case F32 -> ElementKind.F32;
            case BF16, Q8, Q4 -> ElementKind.BF16;
            case KEEP -> stored;
        };
    }
}
