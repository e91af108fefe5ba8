package io.moonglass.vision.image;

/// What becomes of a picture's size on its way to patches.
///
/// @param shrunkWidth  after shrinking to the patch limit; the picture's own width if it fits
/// @param width        after padding (or cropping), in pixels: what is cut into patches
/// @param gridHeight   rows of patches, even
/// @param gridWidth    columns of patches, even
public record FittedSize(
        int shrunkWidth, int shrunkHeight, int width, int height, int gridHeight, int gridWidth) {

    /// Decoder tokens that stand for the picture: one per 2x2 cell.
    public int numTokens() {
        return gridHeight * gridWidth / 4;
    }
}
