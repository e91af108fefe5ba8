package io.moonglass.vision.document;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.config.PreprocessorConfig;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.vision.image.FittedSize;
import io.moonglass.vision.image.ImagePreprocessor;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PageTilesTest {

    private static final double[] HALF = {0.5, 0.5, 0.5};

    /// As the released model: 4,096 patches of 14 pixels.
    private static final ImagePreprocessor PREPROCESSOR =
            new ImagePreprocessor(new PreprocessorConfig(14, 4096, true, HALF, HALF, 2));

    private static final PageTiles TILES = new PageTiles(PREPROCESSOR, 16);

    @ParameterizedTest
    @CsvSource({"1, 1", "896, 896", "900, 950", "28, 7000", "600, 1330"})
    void what_fits_or_nearly_fits_is_one_tile(int width, int height) {
        assertEquals(PageTiling.single(width, height), TILES.of(width, height));
    }

    @Test
    void a_printed_page_becomes_as_few_tiles_as_possible_over_its_whole_width() {
        // A4 at 150 dpi: 88 x 125 patches
        PageTiling tiling = TILES.of(1240, 1754);

        assertEquals(1, tiling.numColumns());
        assertEquals(3, tiling.numRows());
        assertEquals(
                List.of(
                        new PixelRegion(0, 0, 1240, 605),
                        new PixelRegion(0, 574, 1240, 605),
                        new PixelRegion(0, 1149, 1240, 605)),
                tiling.tiles());
    }

    @Test
    void lines_of_text_stay_whole_unless_tiles_would_become_strips() {
        assertEquals(1, TILES.of(1500, 1000).numColumns());
        assertEquals(2, TILES.of(1500, 1000).numRows());
        assertEquals(2, TILES.of(2200, 700).numColumns());
        assertEquals(1, TILES.of(2200, 700).numRows());
    }

    @Test
    void tiles_come_left_to_right_and_then_top_to_bottom() {
        PageTiling tiling = TILES.of(2600, 1300);

        PixelRegion before = tiling.tiles().getFirst();
        for (PixelRegion tile : tiling.tiles().subList(1, tiling.tiles().size())) {
            assertTrue(
                    tile.top() > before.top()
                            || tile.top() == before.top() && tile.left() > before.left());
            before = tile;
        }
    }

    @Test
    void any_size_is_covered_by_tiles_that_fit_and_overlap() {
        Random random = new Random(3);
        for (int round = 0; round < 500; round++) {
            int width = 1 + (int) Math.pow(10, random.nextDouble() * 4.3);
            int height = 1 + (int) Math.pow(10, random.nextDouble() * 4.3);
            PageTiling tiling = TILES.of(width, height);
            String what = width + " x " + height + ": " + tiling;

            assertTrue(tiling.tiles().size() <= 16, what);
            assertTrue(tiling.width() <= width && tiling.height() <= height, what);
            assertEquals(
                    1,
                    new HashSet<>(tiling.tiles().stream().map(PixelRegion::width).toList()).size(),
                    what);
            covers(tiling, what);
            if (tiling.tiles().size() > 1) {
                for (PixelRegion tile : tiling.tiles()) {
                    FittedSize fitted = PREPROCESSOR.fittedSize(tile.width(), tile.height());
                    assertEquals(tile.width(), fitted.shrunkWidth(), what);
                    assertEquals(tile.height(), fitted.shrunkHeight(), what);
                }
            }
        }
    }

    private static void covers(PageTiling tiling, String what) {
        List<PixelRegion> tiles = tiling.tiles();
        int numColumns = tiling.numColumns();
        assertEquals(0, tiles.getFirst().left(), what);
        assertEquals(0, tiles.getFirst().top(), what);
        assertEquals(tiling.width(), tiles.getLast().left() + tiles.getLast().width(), what);
        assertEquals(tiling.height(), tiles.getLast().top() + tiles.getLast().height(), what);
        for (int i = 0; i < tiles.size(); i++) {
            PixelRegion tile = tiles.get(i);
            if (i % numColumns > 0) {
                int shared = tiles.get(i - 1).left() + tile.width() - tile.left();
                assertEquals(0.05 * tile.width(), shared, 2, what);
            }
            if (i >= numColumns) {
                int shared = tiles.get(i - numColumns).top() + tile.height() - tile.top();
                assertEquals(0.05 * tile.height(), shared, 2, what);
            }
        }
    }

    @Test
    void fewer_tiles_would_not_do() {
        PageTiling tiling = TILES.of(2480, 3508);
        int numTiles = tiling.tiles().size();

        PageTiling fewer = new PageTiles(PREPROCESSOR, numTiles - 1).of(2480, 3508);

        assertEquals(2480, tiling.width());
        assertTrue(fewer.width() < 2480, "shrunk to " + fewer.width());
        assertTrue(fewer.tiles().size() < numTiles);
    }

    @Test
    void what_is_beyond_all_tiles_is_shrunk_in_proportion() {
        PageTiling tiling = TILES.of(20_000, 10_000);

        assertEquals(2, (double) tiling.width() / tiling.height(), 0.01);
        // sixteen tiles of 4,096 patches, less the overlaps and what the grid leaves over
        assertTrue((long) tiling.width() * tiling.height() > 16L * 4096 * 196 * 0.8);
    }

    @Test
    void a_line_that_no_encoder_takes_is_shown_in_parts() {
        assertThrows(InvalidRequestException.class, () -> PREPROCESSOR.fittedSize(20_000, 20));
        PageTiling tiling = TILES.of(20_000, 20);
        assertEquals(20_000, tiling.width());
        assertEquals(3, tiling.numColumns());
    }

    @Test
    void the_resolution_of_a_page_is_what_was_wished_for_or_what_the_budget_allows() {
        PageSize a4 = new PageSize(595, 842);
        assertEquals(new PagePixels(1239, 1754, 150), PagePixels.of(a4, 150, 10_000_000));
        PagePixels less = PagePixels.of(a4, 150, 1_000_000);
        assertTrue(less.dpi() < 150);
        assertTrue((long) less.width() * less.height() <= 1_000_000);
        assertTrue((long) less.width() * less.height() >= 990_000);
    }

    @Test
    void no_page_has_more_pixels_than_the_budget_however_elongated() {
        for (double width : new double[] {1, 10, 144_000}) {
            for (long maxPixels : new long[] {1, 2, 1000, 64_000_000, Long.MAX_VALUE}) {
                PagePixels pixels = PagePixels.of(new PageSize(width, 144_000), 1200, maxPixels);
                assertTrue(
                        (double) pixels.width() * pixels.height() <= maxPixels,
                        width + " points, " + maxPixels + ": " + pixels);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, -1, 9.9, 1201, Double.NaN, Double.POSITIVE_INFINITY})
    void an_absurd_resolution_is_the_callers_fault(double dpi) {
        InvalidRequestException e =
                assertThrows(
                        InvalidRequestException.class,
                        () -> PagePixels.of(new PageSize(100, 100), dpi, 1000));
        assertEquals("dpi", e.param());
    }
}
