package io.moonglass.vision;

/// A picture as MoonViT reads it. The array is not copied and must not be changed.
///
/// @param patches    `[gridHeight * gridWidth, 3, patchSize, patchSize]`: patches row by row over the
///                   grid, inside a patch channel, row, column; scaled and normalised
/// @param gridHeight rows of patches, even
/// @param gridWidth  columns of patches, even
public record ImagePatches(float[] patches, int gridHeight, int gridWidth) {

    public ImagePatches {
        if (gridHeight <= 0 || gridWidth <= 0 || gridHeight % 2 != 0 || gridWidth % 2 != 0) {
            throw new IllegalArgumentException(
                    "grid of %d rows and %d columns; the 2x2 merge wants even numbers above 0"
                            .formatted(gridHeight, gridWidth));
        }
        if (patches.length == 0 || patches.length % (gridHeight * gridWidth) != 0) {
            throw new IllegalArgumentException(
                    "%d values are no whole patches for a grid of %d rows and %d columns"
                            .formatted(patches.length, gridHeight, gridWidth));
        }
    }

    public int numPatches() {
        return gridHeight * gridWidth;
    }

    /// Decoder tokens that stand for this picture: one per 2x2 cell.
    public int numTokens() {
        return numPatches() / 4;
    }

    /// Numbers in one patch.
    public int patchLength() {
        return patches.length / numPatches();
    }
}
