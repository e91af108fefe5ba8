package io.moonglass.vision.document;

import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import io.moonglass.vision.image.Picture;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.imageio.ImageIO;
import org.apache.pdfbox.Loader;
import org.apache.pdfbox.cos.COSArray;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.io.MemoryUsageSetting;
import org.apache.pdfbox.io.RandomAccessRead;
import org.apache.pdfbox.io.RandomAccessReadBufferedFile;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.encryption.InvalidPasswordException;

/// A PDF file, drawn by PDFBox. Nothing in it is run (scripts, actions) and nothing outside it is read, but for the
/// system's fonts, which stand in for fonts that the file names and does not hold.
///
/// What is bounded: the file's size, its pages, the pixels of what is drawn and of every picture inside a page, the
/// unpacked size of every stream that a page is drawn from, operators and time of one drawing. Time is looked at
/// between operators, so a single one can take longer: a path or a shading of a great many pieces, a clip made of
/// many shapes. Streams that hold the file's objects are unpacked while it is opened, before anything can be
/// measured. Run it where memory and time are bounded from outside too.
///
/// Pictures in JBIG2 and JPEG 2000 are left out of a page, as this server decodes neither.
public final class PdfDocument implements PagedDocument {

    private static final int MARK_WITHIN = 1024;
    private static final String MARK = "%PDF-";

    /// What PDFBox may keep of streams it has changed, as those of encrypted files. In memory: no temporary files.
    private static final long MAX_SCRATCH_BYTES = 64L << 20;

    /// Quiet, because its log lines repeat the file's own text. Kept here, as loggers that nobody holds are forgotten.
    private static final List<Logger> QUIET =
            List.of(Logger.getLogger("org.apache.pdfbox"), Logger.getLogger("org.apache.fontbox"));

    static {
        QUIET.forEach(logger -> logger.setLevel(Level.OFF));
        // pictures in a page would pass through temporary files else
        ImageIO.setUseCache(false);
    }

    private final PDDocument document;
    private final PageTree pages;
    private final DocumentLimits limits;

    /// Pages whose streams were found within the limits: a page is often drawn tile by tile.
    private final BitSet measured = new BitSet();

    private PdfDocument(PDDocument document, PageTree pages, DocumentLimits limits) {
        this.document = document;
        this.pages = pages;
        this.limits = limits;
    }

    /// Reads the structure of a file, no page. One that is encrypted opens if its user password is empty.
    ///
    /// @throws InvalidRequestException if it is no PDF, damaged, protected by a password or over a limit
    /// @throws UncheckedIOException    if the file cannot be read
    public static PdfDocument open(Path file, DocumentLimits limits) {
        checkBytes(file, limits);
        RandomAccessRead bytes = bytesOf(file);
        PDDocument document = null;
        try {
            PDDocument opened = load(bytes);
            document = opened;
            PageTree pages =
                    PdfFaults.guarded(
                            "PDF: is damaged, its pages cannot be listed",
                            () -> new PageTree(rootOf(opened), limits));
            return new PdfDocument(opened, pages, limits);
        } catch (InvalidRequestException e) {
            closeQuietly(document);
            closeQuietly(bytes);
            throw e;
        }
    }

    private static void checkBytes(Path file, DocumentLimits limits) {
        try (InputStream in = Files.newInputStream(file)) {
            long numBytes = Files.size(file);
            if (numBytes > limits.maxBytes()) {
                throw PdfFaults.tooLarge(
                        "document of %,d bytes, the limit is %,d; send a smaller one"
                                .formatted(numBytes, limits.maxBytes()));
            }
            String beginning = new String(in.readNBytes(MARK_WITHIN), StandardCharsets.ISO_8859_1);
            if (!beginning.contains(MARK)) {
                throw new InvalidRequestException(
                        Kind.UNSUPPORTED_MEDIA,
                        null,
                        "document of %,d bytes is no PDF: want %s within its first %,d bytes"
                                .formatted(numBytes, MARK, MARK_WITHIN));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static RandomAccessRead bytesOf(Path file) {
        try {
            // not mapped: a file that is cut short while it is mapped ends the process
            return new RandomAccessReadBufferedFile(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static PDDocument load(RandomAccessRead bytes) {
        return PdfFaults.guarded(
                "PDF: is damaged and cannot be opened",
                () -> {
                    try {
                        return Loader.loadPDF(
                                bytes,
                                "",
                                null,
                                null,
                                MemoryUsageSetting.setupMainMemoryOnly(MAX_SCRATCH_BYTES)
                                        .streamCache);
                    } catch (InvalidPasswordException e) {
                        throw new InvalidRequestException(
                                Kind.UNSUPPORTED_MEDIA,
                                null,
                                "PDF: is protected by a password; send one that opens without");
                    }
                });
    }

    private static COSDictionary rootOf(PDDocument document) {
        return document.getDocumentCatalog().getCOSObject().getCOSDictionary(COSName.PAGES);
    }

    @Override
    public int numPages() {
        return pages.numPages();
    }

    @Override
    public PageSize pageSize(int page) {
        Objects.checkIndex(page, numPages());
        return PdfFaults.guarded(
                PdfFaults.page(page) + ": is damaged, it has no size",
                () -> PageBox.of(new PDPage(pages.page(page)), PdfFaults.page(page)).size());
    }

    @Override
    public Picture render(int page, int width, int height, PixelRegion region) {
        Objects.checkIndex(page, numPages());
        if (width <= 0 || height <= 0 || !region.fits(width, height)) {
            throw new IllegalArgumentException(
                    "%s of a page of %d x %d pixels; want a part of it"
                            .formatted(region, width, height));
        }
        if (region.numPixels() > limits.maxPixels()) {
            throw PdfFaults.tooLarge(
                    "%s: %d x %d pixels are wanted, the limit is %,d in all; ask for fewer"
                            .formatted(
                                    PdfFaults.page(page),
                                    region.width(),
                                    region.height(),
                                    limits.maxPixels()));
        }
        return PdfFaults.guarded(
                PdfFaults.page(page) + ": is damaged and cannot be drawn",
                () -> draw(page, width, height, region));
    }

    private Picture draw(int index, int width, int height, PixelRegion region) throws IOException {
        String where = PdfFaults.page(index);
        COSDictionary page = pages.page(index);
        PageBox box = PageBox.of(new PDPage(page), where);
        StreamLimits streams = new StreamLimits(where, limits);
        if (!measured.get(index)) {
            streams.check(page);
            measured.set(index);
        }
        showOnly(page);
        return new PageRenderer(document, page, box, streams).draw(width, height, region);
    }

    /// The renderer finds pages through the document's tree, by counts that may be wrong: give it a tree of one.
    private void showOnly(COSDictionary page) {
        COSArray kids = new COSArray();
        kids.add(page);
        COSDictionary tree = new COSDictionary();
        tree.setItem(COSName.TYPE, COSName.PAGES);
        tree.setItem(COSName.KIDS, kids);
        tree.setInt(COSName.COUNT, 1);
        document.getDocumentCatalog().getCOSObject().setItem(COSName.PAGES, tree);
    }

    @Override
    public void close() {
        closeQuietly(document);
    }

    private static void closeQuietly(AutoCloseable closeable) {
        try {
            if (closeable != null) {
                closeable.close();
            }
        } catch (Exception e) {
            // read only, so nothing is lost
        }
    }
}
