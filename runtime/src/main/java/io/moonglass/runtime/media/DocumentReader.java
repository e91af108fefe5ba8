package io.moonglass.runtime.media;

import io.moonglass.loader.digest.Digest;
import io.moonglass.loader.digest.DigestBuilder;
import io.moonglass.runtime.ContentPart;
import io.moonglass.runtime.MediaSource;
import io.moonglass.runtime.ocr.OcrPage;
import io.moonglass.runtime.ocr.OpenPages;
import io.moonglass.runtime.ocr.PageRanges;
import io.moonglass.runtime.ocr.PageWish;
import io.moonglass.vision.document.PagePixels;
import io.moonglass.vision.document.PageTiles;
import io.moonglass.vision.document.PageTiling;
import io.moonglass.vision.document.PixelRegion;
import io.moonglass.vision.image.EncodedPicture;
import io.moonglass.vision.image.FittedSize;
import io.moonglass.vision.image.ImagePreprocessor;
import io.moonglass.vision.worker.MediaWorkers;
import io.moonglass.vision.worker.WorkerDocument;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// Makes pictures of pages: whole ones for questions about a document, and tiles of them to be read word for word.
/// Nothing is drawn yet. Any thread.
final class DocumentReader {

    /// What a page is drawn at where nobody says: print of 8 points is 17 pixels high.
    private static final int USUAL_DPI = 150;

    private static final int MAX_TILES = 64;

    private final MediaOptions options;
    private final MediaWorkers workers;
    private final ImagePreprocessor preprocessor;
    private final PageTiles pageTiles;

    /// A page at the size at which it is shown whole.
    record ShownPage(EncodedPicture picture, Digest content) {}

    DocumentReader(MediaOptions options, MediaWorkers workers, ImagePreprocessor preprocessor) {
        this.options = options;
        this.workers = workers;
        this.preprocessor = preprocessor;
        this.pageTiles = new PageTiles(preprocessor, MAX_TILES);
    }

    WorkerDocument open(MediaFile file, MediaTaker taker) {
        WorkerDocument document =
                workers.openDocument(file.path(), options.documents(), taker::isOver);
        taker.keep(document);
        return document;
    }

    /// The wanted pages, whole, as large as the model sees them.
    ///
    /// @param most  that one request may have
    List<ShownPage> whole(
            WorkerDocument document,
            Digest file,
            PageRanges pages,
            OptionalLong maxPixels,
            int most) {
        List<ShownPage> shown = new ArrayList<>();
        for (int page : pages.in(document.numPages(), most)) {
            shown.add(whole(document, file, page, maxPixels));
        }
        return shown;
    }

    /// Drawn at the size that it would be shrunk to.
    private ShownPage whole(
            WorkerDocument document, Digest file, int page, OptionalLong maxPixels) {
        PagePixels pixels =
                PagePixels.of(document.pageSize(page), USUAL_DPI, options.documents().maxPixels());
        FittedSize size = preprocessor.fittedSize(pixels.width(), pixels.height(), maxPixels);
        PixelRegion region = PixelRegion.whole(size.shrunkWidth(), size.shrunkHeight());
        return new ShownPage(
                new DocumentPage(document, page, size.shrunkWidth(), size.shrunkHeight(), region),
                content(file, page, size.shrunkWidth(), size.shrunkHeight(), region));
    }

    private static Digest content(
            Digest file, int page, int width, int height, PixelRegion region) {
        return new DigestBuilder()
                .add(file)
                .add(page)
                .add(width)
                .add(height)
                .add(region.left())
                .add(region.top())
                .add(region.width())
                .add(region.height())
                .build();
    }

    /// A document to be read page by page.
    ///
    /// @param close called once
    OpenPages pages(WorkerDocument document, Digest file, PageWish wish, Runnable close) {
        int[] wanted = wish.pages().in(document.numPages(), options.documents().maxPages());
        return new WantedPages(
                document.numPages(), wanted, page -> tiled(document, file, page, wish), close);
    }

    private OcrPage tiled(WorkerDocument document, Digest file, int page, PageWish wish) {
        PagePixels pixels =
                PagePixels.of(
                        document.pageSize(page),
                        wish.dpi().orElse(USUAL_DPI),
                        options.documents().maxPixels());
        PageTiling tiling = pageTiles.of(pixels.width(), pixels.height());
        double drawnDpi = pixels.dpi() * tiling.width() / pixels.width();
        List<ContentPart.Picture> tiles = new ArrayList<>();
        for (PixelRegion region : tiling.tiles()) {
            tiles.add(
                    drawn(
                            new DocumentPage(
                                    document, page, tiling.width(), tiling.height(), region),
                            content(file, page, tiling.width(), tiling.height(), region),
                            wish));
        }
        return new OcrPage(
                page + 1,
                tiling.width(),
                tiling.height(),
                OptionalInt.of((int) Math.round(drawnDpi)),
                tiling.numColumns(),
                tiles);
    }

    private static ContentPart.Picture drawn(
            EncodedPicture picture, Digest content, PageWish wish) {
        return new ContentPart.Picture(
                new MediaSource.Drawn(new PrintedTile(picture), content),
                wish.maxPixels(),
                "document");
    }

    /// A picture as a document of one page, at its own resolution where its tiles are few enough.
    OpenPages page(EncodedPicture picture, Digest content, PageWish wish, Runnable close) {
        int[] wanted = wish.pages().in(1, 1);
        PageTiling tiling = pageTiles.of(picture.width(), picture.height());
        boolean isShrunk = tiling.width() != picture.width() || tiling.height() != picture.height();
        boolean isWhole = isShrunk || tiling.tiles().size() == 1;
        OcrPage page =
                new OcrPage(
                        1,
                        picture.width(),
                        picture.height(),
                        OptionalInt.empty(),
                        isWhole ? 1 : tiling.numColumns(),
                        isWhole
                                ? List.of(drawn(picture, content, wish))
                                : tiles(new PictureTile.Whole(picture), content, tiling, wish));
        return new WantedPages(1, wanted, _ -> page, close);
    }

    private static List<ContentPart.Picture> tiles(
            PictureTile.Whole whole, Digest content, PageTiling tiling, PageWish wish) {
        return tiling.tiles().stream()
                .map(region ->
                        drawn(
                                new PictureTile(whole, region),
                                content(content, 0, tiling.width(), tiling.height(), region),
                                wish))
                .toList();
    }
}
