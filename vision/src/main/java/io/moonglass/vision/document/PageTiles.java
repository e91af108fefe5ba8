package io.moonglass.vision.document;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.image.FittedSize;
import io.moonglass.vision.image.ImagePreprocessor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// How a page or picture is shown to a model that shrinks what has too many patches: whole if it would keep nine
/// tenths of its resolution, else in overlapping tiles at its own resolution. Safe to use from any thread.
///
/// Of all grids whose tiles fit, the one with the fewest tiles is taken; of several, the one with the fewest columns
/// whose tiles are no more than four times as long as wide, because columns cut lines of text; if all are more
/// elongated, the least elongated. Tiles are of one size. Where even the largest number of tiles cannot show the
/// whole, it is shrunk as little as it takes.
public final class PageTiles {

    /// What neighbours share, in parts of a tile's side.
    public static final double OVERLAP = 0.05;

    /// Shrinking by less is no worse than a seam between tiles.
    private static final double NEARLY = 0.9;

    private static final double MOST_ELONGATED = 4;

    /// Halvings of the range of scales: to a millionth.
    private static final int SEARCH_STEPS = 20;

    private final ImagePreprocessor preprocessor;
    private final int maxTiles;

    /// @param preprocessor says what fits the model
    /// @param maxTiles     of one page, from 1 to 256
    public PageTiles(ImagePreprocessor preprocessor, int maxTiles) {
        if (maxTiles < 1 || maxTiles > 256) {
            throw new IllegalArgumentException(
                    "at most %d tiles a page; want a number from 1 to 256".formatted(maxTiles));
        }
        this.preprocessor = preprocessor;
        this.maxTiles = maxTiles;
    }

    /// @param width  pixels, above 0
    /// @param height pixels, above 0
    public PageTiling of(int width, int height) {
        if (width <= 0 || height <= 0) {
            throw new IllegalArgumentException(
                    "tiles of %d x %d pixels; want sides above 0".formatted(width, height));
        }
        if (keeps(width, height) >= NEARLY) {
            return PageTiling.single(width, height);
        }
        return grid(width, height)
                .map(grid -> grid.over(width, height))
                .orElseGet(() -> shrunk(width, height));
    }

    /// The largest scale at which a grid fits, found by halving: fits grow scarcer as the scale grows.
    private PageTiling shrunk(int width, int height) {
        double fits = 0;
        double exceeds = 1;
        for (int step = 0; step < SEARCH_STEPS; step++) {
            double scale = (fits + exceeds) / 2;
            if (grid(scaled(width, scale), scaled(height, scale)).isPresent()) {
                fits = scale;
            } else {
                exceeds = scale;
            }
        }
        int shrunkWidth = scaled(width, fits);
        int shrunkHeight = scaled(height, fits);
        return grid(shrunkWidth, shrunkHeight)
                .map(grid -> grid.over(shrunkWidth, shrunkHeight))
                .orElseGet(() -> PageTiling.single(shrunkWidth, shrunkHeight));
    }

    private static int scaled(int side, double scale) {
        return Math.max(1, (int) (side * scale));
    }

    /// The part of its resolution that a picture of this size keeps when the model sees it whole; 0 if it cannot.
    private double keeps(int width, int height) {
        try {
            FittedSize fitted = preprocessor.fittedSize(width, height);
            return Math.min(
                    (double) fitted.shrunkWidth() / width, (double) fitted.shrunkHeight() / height);
        } catch (InvalidRequestException e) {
            return 0; // too elongated
        }
    }

    private Optional<Grid> grid(int width, int height) {
        for (int numTiles = 1; numTiles <= maxTiles; numTiles++) {
            List<Grid> fitting =
                    grids(width, height, numTiles).stream()
                            .filter(grid -> keeps(grid.tileWidth, grid.tileHeight) == 1)
                            .toList();
            if (!fitting.isEmpty()) {
                return fitting.stream()
                        .filter(grid -> grid.elongation() <= MOST_ELONGATED)
                        .findFirst()
                        .or(() -> fitting.stream().min(Comparator.comparing(Grid::elongation)));
            }
        }
        return Optional.empty();
    }

    /// Those of exactly so many tiles, fewest columns first.
    private static List<Grid> grids(int width, int height, int numTiles) {
        return IntStream.rangeClosed(1, numTiles)
                .filter(numColumns -> numTiles % numColumns == 0)
                .mapToObj(numColumns -> Grid.of(width, height, numColumns, numTiles / numColumns))
                .toList();
    }

    private record Grid(int numColumns, int numRows, int tileWidth, int tileHeight) {

        static Grid of(int width, int height, int numColumns, int numRows) {
            return new Grid(
                    numColumns, numRows, tileSide(width, numColumns), tileSide(height, numRows));
        }

        /// `numTiles` sides less the overlaps between them are the whole side.
        private static int tileSide(int side, int numTiles) {
            return (int) Math.ceil(side / (numTiles - (numTiles - 1) * OVERLAP));
        }

        double elongation() {
            return (double) Math.max(tileWidth, tileHeight) / Math.min(tileWidth, tileHeight);
        }

        PageTiling over(int width, int height) {
            List<PixelRegion> tiles = new ArrayList<>();
            for (int row = 0; row < numRows; row++) {
                for (int column = 0; column < numColumns; column++) {
                    tiles.add(
                            new PixelRegion(
                                    place(column, numColumns, width - tileWidth),
                                    place(row, numRows, height - tileHeight),
                                    tileWidth,
                                    tileHeight));
                }
            }
            return new PageTiling(width, height, numColumns, numRows, tiles);
        }

        /// The first tile begins at 0 and the last one ends with the whole.
        private static int place(int index, int numTiles, int last) {
            return numTiles == 1 ? 0 : (int) ((long) index * last / (numTiles - 1));
        }
    }
}
