package io.moonglass.vision.document;

import java.util.List;

/// The tiles by which a page or picture is shown.
///
/// @param width  pixels of the whole of which the tiles are parts; less than its own if it has to be shrunk first
/// @param height pixels of the whole
/// @param tiles  `numRows` times `numColumns`, left to right, then top to bottom
public record PageTiling(
        int width, int height, int numColumns, int numRows, List<PixelRegion> tiles) {

    public PageTiling {
        tiles = List.copyOf(tiles);
        if (tiles.size() != numColumns * numRows) {
            throw new IllegalArgumentException(
                    "%d tiles in a grid of %d x %d".formatted(tiles.size(), numColumns, numRows));
        }
    }

    static PageTiling single(int width, int height) {
        return new PageTiling(width, height, 1, 1, List.of(PixelRegion.whole(width, height)));
    }
}
