package io.moonglass.vision.document;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.InvalidRequestException.Kind;
import io.moonglass.vision.image.Picture;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.pdfbox.cos.COSFloat;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.font.PDType1Font;
import org.apache.pdfbox.pdmodel.font.Standard14Fonts.FontName;
import org.apache.pdfbox.pdmodel.graphics.blend.BlendMode;
import org.apache.pdfbox.pdmodel.graphics.state.PDExtendedGraphicsState;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PdfDocumentTest {

    private static final int RED = 0xff0000;
    private static final int BLUE = 0x0000ff;
    private static final int WHITE = 0xffffff;

    @TempDir Path folder;

    @Test
    void a_page_is_drawn_over_white_at_the_size_that_is_wanted() {
        try (PdfDocument document = open(corners(0))) {
            assertEquals(1, document.numPages());
            assertEquals(new PageSize(200, 100), document.pageSize(0));

            Picture picture = document.render(0, 80, 50);

            assertEquals(80, picture.width());
            assertEquals(50, picture.height());
            assertEquals(Picture.Mode.RGB, picture.mode());
            assertEquals(RED, pixel(picture, 1, 1));
            assertEquals(BLUE, pixel(picture, 78, 48));
            assertEquals(WHITE, pixel(picture, 78, 1));
            assertEquals(WHITE, pixel(picture, 1, 48));
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 1, 1", "90, 98, 1", "180, 198, 98", "270, 1, 198", "-90, 1, 198", "450, 98, 1"})
    void a_page_is_turned_clockwise_as_it_says(int degrees, int redColumn, int redRow) {
        try (PdfDocument document = open(corners(degrees))) {
            PageSize size = document.pageSize(0);
            assertEquals(degrees % 180 == 0 ? 200 : 100, size.widthPoints());

            Picture picture =
                    document.render(0, (int) size.widthPoints(), (int) size.heightPoints());

            assertEquals(RED, pixel(picture, redColumn, redRow));
            assertEquals(
                    BLUE,
                    pixel(picture, picture.width() - 1 - redColumn, picture.height() - 1 - redRow));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 90, 180, 270})
    void a_region_is_what_the_whole_page_shows_there(int degrees) {
        Path file =
                PdfFiles.written(
                        folder.resolve("text.pdf"),
                        made -> {
                            PDPage page = new PDPage(new PDRectangle(40, 30, 300, 200));
                            made.addPage(page);
                            page.setRotation(degrees);
                            write(made, page, "Moonglass reads what is written here", 50, 120, 16);
                        });
        try (PdfDocument document = open(file)) {
            PageSize size = document.pageSize(0);
            int width = (int) Math.round(size.widthPoints() * 2.1);
            int height = (int) Math.round(size.heightPoints() * 2.1);
            Picture whole = document.render(0, width, height);
            PixelRegion region =
                    new PixelRegion(width / 5, height / 5, width * 3 / 5, height * 3 / 5);

            Picture part = document.render(0, width, height, region);

            assertEquals(region.width(), part.width());
            assertEquals(region.height(), part.height());
            int worst = 0;
            int darkest = 255;
            for (int y = 0; y < part.height(); y++) {
                for (int x = 0; x < part.width(); x++) {
                    int seen = pixel(part, x, y) & 0xff;
                    int wanted = pixel(whole, region.left() + x, region.top() + y) & 0xff;
                    worst = Math.max(worst, Math.abs(seen - wanted));
                    darkest = Math.min(darkest, seen);
                }
            }
            assertTrue(darkest < 60, "text is in the region, darkest " + darkest);
            assertTrue(worst <= 24, "worst difference " + worst);
        }
    }

    @Test
    void transparent_layers_are_where_they_belong_in_every_region() {
        Path file =
                PdfFiles.written(
                        folder.resolve("layers.pdf"),
                        made -> {
                            PDPage page = new PDPage(new PDRectangle(200, 100));
                            made.addPage(page);
                            PDExtendedGraphicsState multiplied = new PDExtendedGraphicsState();
                            multiplied.setBlendMode(BlendMode.MULTIPLY);
                            try (PDPageContentStream content =
                                    new PDPageContentStream(made, page)) {
                                content.setGraphicsStateParameters(multiplied);
                                content.setNonStrokingColor(1f, 0f, 0f);
                                content.addRect(0, 50, 50, 50);
                                content.fill();
                            }
                        });
        try (PdfDocument document = open(file)) {
            Picture part = document.render(0, 400, 200, new PixelRegion(50, 50, 100, 100));

            assertEquals(RED, pixel(part, 10, 10));
            assertEquals(RED, pixel(part, 48, 48));
            assertEquals(WHITE, pixel(part, 52, 10));
            assertEquals(WHITE, pixel(part, 10, 52));
        }
    }

    @Test
    void the_crop_box_is_what_is_shown() {
        Path file =
                PdfFiles.written(
                        folder.resolve("crop.pdf"),
                        made ->
                                PdfFiles.addPage(made, 200, 100, PdfFiles.CORNERS)
                                        .setCropBox(new PDRectangle(150, 0, 40, 20)));
        try (PdfDocument document = open(file)) {
            assertEquals(new PageSize(40, 20), document.pageSize(0));
            Picture picture = document.render(0, 40, 20);
            assertEquals(BLUE, pixel(picture, 0, 0));
            assertEquals(BLUE, pixel(picture, 39, 19));
        }
    }

    @Test
    void a_crop_box_outside_of_the_page_is_passed_over() {
        Path file =
                PdfFiles.written(
                        folder.resolve("crop.pdf"),
                        made ->
                                PdfFiles.addPage(made, 200, 100, PdfFiles.CORNERS)
                                        .setCropBox(new PDRectangle(500, 500, 40, 20)));
        try (PdfDocument document = open(file)) {
            assertEquals(new PageSize(200, 100), document.pageSize(0));
        }
    }

    @Test
    void a_page_in_larger_units_is_larger() {
        Path file =
                PdfFiles.written(
                        folder.resolve("unit.pdf"),
                        made ->
                                PdfFiles.addPage(made, 200, 100, PdfFiles.CORNERS)
                                        .getCOSObject()
                                        .setItem(COSName.getPDFName("UserUnit"), new COSFloat(2)));
        try (PdfDocument document = open(file)) {
            assertEquals(new PageSize(400, 200), document.pageSize(0));
            assertEquals(RED, pixel(document.render(0, 20, 10), 1, 1));
        }
    }

    @Test
    void a_file_that_is_encrypted_without_a_password_opens() {
        Path file = encrypted("");
        try (PdfDocument document = open(file)) {
            assertEquals(RED, pixel(document.render(0, 20, 10), 1, 1));
        }
    }

    @Test
    void pages_have_what_they_inherit_and_come_in_any_order() {
        Path file =
                PdfFiles.ofObjects(
                        folder.resolve("inherits.pdf"),
                        "<</Type/Catalog/Pages 2 0 R>>",
                        "<</Type/Pages/Count 2/MediaBox[0 0 200 100]/Rotate 90/Kids[3 0 R 4 0 R]>>",
                        "<</Type/Page/Parent 2 0 R/Contents 5 0 R>>",
                        "<</Type/Page/Parent 2 0 R/Rotate 0/MediaBox[0 0 60 60]/Contents 5 0 R>>",
                        stream(PdfFiles.CORNERS));
        try (PdfDocument document = open(file)) {
            assertEquals(2, document.numPages());
            assertEquals(RED, pixel(document.render(1, 60, 60), 1, 5));
            assertEquals(RED, pixel(document.render(0, 100, 200), 98, 1));
            assertEquals(RED, pixel(document.render(1, 60, 60), 1, 5));
            assertEquals(new PageSize(100, 200), document.pageSize(0));
            assertEquals(new PageSize(60, 60), document.pageSize(1));
        }
    }

    @Test
    void the_same_page_is_the_same_each_time() {
        try (PdfDocument document = open(corners(90))) {
            assertArrayEquals(
                    document.render(0, 33, 77).pixels(), document.render(0, 33, 77).pixels());
        }
    }

    @Test
    void ten_thousand_pages_are_within_reach_and_one_more_is_refused() {
        Path file =
                PdfFiles.written(
                        folder.resolve("long.pdf"),
                        made -> {
                            for (int i = 0; i < 9_999; i++) {
                                made.addPage(new PDPage(new PDRectangle(100, 100)));
                            }
                            PdfFiles.addPage(made, 200, 100, PdfFiles.CORNERS);
                        });
        DocumentLimits limits = DocumentLimits.DEFAULT;
        try (PdfDocument document = PdfDocument.open(file, limits)) {
            assertEquals(10_000, document.numPages());
            assertEquals(RED, pixel(document.render(9_999, 20, 10), 1, 1));
        }
        DocumentLimits fewer = new DocumentLimits(limits.maxBytes(), 9_999, limits.maxPixels());
        BadPdfTest.refused(
                Kind.MEDIA_TOO_LARGE,
                "PDF: has more than 9,999 pages, the limit; send it in parts",
                () -> PdfDocument.open(file, fewer));
    }

    @Test
    void a_page_that_does_not_exist_is_the_programs_fault() {
        try (PdfDocument document = open(corners(0))) {
            assertThrows(IndexOutOfBoundsException.class, () -> document.pageSize(1));
            assertThrows(IndexOutOfBoundsException.class, () -> document.render(-1, 9, 9));
            assertThrows(
                    IllegalArgumentException.class,
                    () -> document.render(0, 9, 9, new PixelRegion(1, 0, 9, 9)));
        }
    }

    private Path corners(int degrees) {
        return PdfFiles.written(
                folder.resolve("corners.pdf"),
                made -> PdfFiles.addPage(made, 200, 100, PdfFiles.CORNERS).setRotation(degrees));
    }

    private Path encrypted(String userPassword) {
        return PdfFiles.written(
                folder.resolve("encrypted.pdf"),
                made -> {
                    PdfFiles.addPage(made, 200, 100, PdfFiles.CORNERS);
                    StandardProtectionPolicy policy =
                            new StandardProtectionPolicy(
                                    "owner", userPassword, new AccessPermission());
                    policy.setEncryptionKeyLength(256);
                    made.protect(policy);
                });
    }

    private static void write(
            PDDocument document, PDPage page, String text, float x, float y, float size)
            throws IOException {
        try (PDPageContentStream content = new PDPageContentStream(document, page)) {
            content.beginText();
            content.setFont(new PDType1Font(FontName.HELVETICA), size);
            content.newLineAtOffset(x, y);
            content.showText(text);
            content.endText();
        }
    }

    private static String stream(String content) {
        return "<</Length %d>>\nstream\n%s\nendstream".formatted(content.length(), content);
    }

    private static PdfDocument open(Path file) {
        return PdfDocument.open(file, DocumentLimits.DEFAULT);
    }

    private static int pixel(Picture picture, int x, int y) {
        int at = (y * picture.width() + x) * 3;
        byte[] rgb = picture.pixels();
        return (rgb[at] & 0xff) << 16 | (rgb[at + 1] & 0xff) << 8 | rgb[at + 2] & 0xff;
    }
}
