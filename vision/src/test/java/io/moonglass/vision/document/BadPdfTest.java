package io.moonglass.vision.document;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.fault.ConfigException;
import io.moonglass.loader.fault.InvalidRequestException;
import io.moonglass.loader.fault.InvalidRequestException.Kind;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.cos.COSStream;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDResources;
import org.apache.pdfbox.pdmodel.common.PDStream;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.pdfbox.pdmodel.graphics.image.PDImageXObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BadPdfTest {

    private static final String CATALOG = "<</Type/Catalog/Pages 2 0 R>>";

    @TempDir Path folder;

    @AfterEach
    void a_good_document_still_works() {
        Path file =
                PdfFiles.written(
                        folder.resolve("good.pdf"),
                        made -> PdfFiles.addPage(made, 200, 100, PdfFiles.CORNERS));
        try (PdfDocument document = open(file)) {
            assertEquals(20, document.render(0, 20, 10).width());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "%PDF",
                "<!DOCTYPE html><html/>",
                "\u0089PNG\r\n\u001a\n",
                "PK\u0003\u0004",
                "%!PS-Adobe-3.0"
            })
    void other_formats_are_refused_by_their_first_bytes(String content) {
        Path file = PdfFiles.written(folder.resolve("other"), PdfFiles.latin1(content));
        refused(
                Kind.UNSUPPORTED_MEDIA,
                "document of %d bytes is no PDF: want %%PDF- within its first 1,024 bytes"
                        .formatted(content.length()),
                () -> open(file));
    }

    @Test
    void the_mark_may_come_late_but_not_too_late() throws IOException {
        byte[] good =
                Files.readAllBytes(
                        PdfFiles.written(
                                folder.resolve("good.pdf"),
                                made -> PdfFiles.addPage(made, 200, 100, PdfFiles.CORNERS)));
        open(PdfFiles.written(folder.resolve("late.pdf"), after(1000, good))).close();
        Path tooLate = PdfFiles.written(folder.resolve("later.pdf"), after(1020, good));
        assertThrows(InvalidRequestException.class, () -> open(tooLate));
    }

    private static byte[] after(int numBytes, byte[] rest) {
        byte[] all = new byte[numBytes + rest.length];
        Arrays.fill(all, 0, numBytes, (byte) ' ');
        System.arraycopy(rest, 0, all, numBytes, rest.length);
        return all;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "%PDF-",
                "%PDF-1.7\n%%EOF",
                "%PDF-1.7\nxref\n0 0\ntrailer\n<<>>\nstartxref\n9\n%%EOF",
                "%PDF-1.7\ntrailer<</Root 1 0 R>>startxref 0 %%EOF",
                "%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj trailer<</Root 1 0 R>>",
                "%PDF-1.7\n1 0 obj 1 0 R endobj trailer<</Root 1 0 R>>",
                "%PDF-9.9 [[[[[[[[[[[[[[[[[[<<<<<<<<<<<<<<<<<<"
            })
    void a_file_without_a_document_in_it_is_refused(String content) {
        Path file = PdfFiles.written(folder.resolve("empty.pdf"), PdfFiles.latin1(content));
        refused(Kind.INVALID_MEDIA, () -> open(file));
    }

    @Test
    void a_document_that_is_cut_short_anywhere_is_shown_as_far_as_it_goes_or_refused()
            throws IOException {
        byte[] whole = Files.readAllBytes(threePages());
        for (int length = 5; length < whole.length; length += 37) {
            showsOrRefuses(Arrays.copyOf(whole, length));
        }
    }

    @Test
    void a_document_with_any_bytes_changed_is_shown_or_refused() throws IOException {
        byte[] whole = Files.readAllBytes(threePages());
        Random random = new Random(7);
        for (int round = 0; round < 150; round++) {
            byte[] changed = whole.clone();
            for (int i = 0; i < 12; i++) {
                changed[random.nextInt(8, changed.length)] = (byte) random.nextInt(256);
            }
            showsOrRefuses(changed);
        }
    }

    private Path threePages() {
        return PdfFiles.written(
                folder.resolve("three.pdf"),
                made -> {
                    for (int i = 0; i < 3; i++) {
                        PdfFiles.addPage(made, 200, 100, PdfFiles.CORNERS);
                    }
                });
    }

    private void showsOrRefuses(byte[] bytes) {
        Path file = PdfFiles.written(folder.resolve("damaged.pdf"), bytes);
        try (PdfDocument document = open(file)) {
            for (int page = 0; page < document.numPages(); page++) {
                document.pageSize(page);
                assertEquals(40, document.render(page, 40, 20).width());
            }
        } catch (InvalidRequestException e) {
            assertOurWords(e);
        }
    }

    @Test
    void a_password_is_asked_for_in_vain() {
        Path file =
                PdfFiles.written(
                        folder.resolve("locked.pdf"),
                        made -> {
                            PdfFiles.addPage(made, 200, 100, PdfFiles.CORNERS);
                            made.protect(
                                    new StandardProtectionPolicy(
                                            "owner", "user", new AccessPermission()));
                        });
        refused(
                Kind.UNSUPPORTED_MEDIA,
                "PDF: is protected by a password; send one that opens without",
                () -> open(file));
    }

    @Test
    void a_file_over_the_limit_is_refused_unread() {
        Path file = threePages();
        refused(
                Kind.MEDIA_TOO_LARGE,
                () -> PdfDocument.open(file, new DocumentLimits(100, 10, 1_000)));
    }

    @Test
    void more_pixels_than_the_limit_are_refused() {
        try (PdfDocument document =
                PdfDocument.open(threePages(), new DocumentLimits(1 << 20, 10, 1_000))) {
            refused(
                    Kind.MEDIA_TOO_LARGE,
                    "PDF, page 2: 100 x 11 pixels are wanted, the limit is 1,000 in all; ask for fewer",
                    () -> document.render(1, 100, 11));
            PixelRegion small = new PixelRegion(1_000_000, 1_000_000, 10, 10);
            assertEquals(10, document.render(1, 2_000_000, 1_000_010, small).width());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<</Type/Pages/Count 0/Kids[]>>",
                "<</Type/Pages/Count 5>>",
                "<</Type/Pages/Count 1/Kids[2 0 R]>>",
                "<</Type/Pages/Count 2/Kids[3 0 R 3 0 R]>>",
                "<</Type/Pages/Count 1/Kids 7>>",
                "[1 2 3]",
                "null"
            })
    void a_tree_without_pages_is_refused(String tree) {
        Path file =
                PdfFiles.ofObjects(
                        folder.resolve("tree.pdf"),
                        CATALOG,
                        tree,
                        "<</Type/Pages/Count 7/Kids[2 0 R 3 0 R]>>");
        refused(Kind.INVALID_MEDIA, () -> open(file));
    }

    @Test
    void pages_in_a_tree_that_contains_itself_are_found_once() {
        Path file =
                PdfFiles.ofObjects(
                        folder.resolve("loop.pdf"),
                        CATALOG,
                        "<</Type/Pages/Count 99/Kids[3 0 R 2 0 R 4 0 R]>>",
                        "<</Type/Pages/Count -1/Kids[4 0 R 2 0 R]/Parent 3 0 R>>",
                        "<</Type/Page/MediaBox[0 0 10 10]/Parent 3 0 R>>");
        try (PdfDocument document = open(file)) {
            assertEquals(2, document.numPages());
            assertEquals(10, document.render(1, 10, 10).width());
        }
    }

    @Test
    void a_tree_as_deep_as_the_file_is_long_does_no_harm() {
        String[] objects = new String[20_000];
        objects[0] = CATALOG;
        for (int i = 1; i < objects.length - 1; i++) {
            objects[i] = "<</Type/Pages/Count 1/Kids[%d 0 R]>>".formatted(i + 2);
        }
        objects[objects.length - 1] = "<</Type/Page/MediaBox[0 0 10 10]/Parent 2 0 R>>";
        try (PdfDocument document = open(PdfFiles.ofObjects(folder.resolve("deep"), objects))) {
            assertEquals(1, document.numPages());
            assertEquals(10, document.render(0, 10, 10).width());
        }
    }

    @Test
    void a_page_that_is_missing_keeps_its_number() {
        Path file =
                PdfFiles.ofObjects(
                        folder.resolve("missing.pdf"),
                        CATALOG,
                        "<</Type/Pages/Count 3/Kids[3 0 R 9 0 R 3 0 R]>>",
                        "<</Type/Page/MediaBox[0 0 10 10]/Parent 2 0 R>>");
        try (PdfDocument document = open(file)) {
            assertEquals(3, document.numPages());
            assertEquals(10, document.render(2, 10, 10).width());
            refused(
                    Kind.INVALID_MEDIA,
                    "PDF, page 2: is missing",
                    () -> document.render(1, 10, 10));
            refused(Kind.INVALID_MEDIA, "PDF, page 2: is missing", () -> document.pageSize(1));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[0 0 0 0]",
                "[0 0 0.001 500]",
                "[0 0 1e400 100]",
                "[0 0 99999999999999999999999999999999999999999999999999 100]",
                "[-3e38 -3e38 3e38 3e38]",
                "[0 0 200000 100]",
                "[9000000 9000000 9000200 9000100]",
                "[0 0]",
                "[/a /b /c /d]"
            })
    void an_absurd_page_is_refused_and_the_next_one_is_not(String box) {
        Path file =
                PdfFiles.ofObjects(
                        folder.resolve("absurd.pdf"),
                        CATALOG,
                        "<</Type/Pages/Count 2/Kids[3 0 R 4 0 R]>>",
                        "<</Type/Page/MediaBox" + box + "/Parent 2 0 R>>",
                        "<</Type/Page/MediaBox[200 100 0 0]/Parent 2 0 R>>");
        try (PdfDocument document = open(file)) {
            refused(Kind.INVALID_MEDIA, () -> document.pageSize(0));
            refused(Kind.INVALID_MEDIA, () -> document.render(0, 100, 100));
            assertEquals(new PageSize(200, 100), document.pageSize(1));
        }
    }

    @Test
    void content_without_end_is_given_up() {
        Path file =
                PdfFiles.written(
                        folder.resolve("endless.pdf"),
                        made -> PdfFiles.addPage(made, 100, 100, "q Q\n".repeat(1_500_001)));
        try (PdfDocument document = open(file)) {
            refused(
                    Kind.MEDIA_TOO_LARGE,
                    "PDF, page 1: has more than 3,000,000 drawing operators, the limit",
                    () -> document.render(0, 10, 10));
        }
    }

    @Test
    void a_form_that_draws_itself_over_and_over_is_given_up() {
        String form =
                "<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 4 0 R>>>>/Length 23>>\nstream\n/F Do /F Do /F Do /F Do\nendstream";
        Path file =
                PdfFiles.ofObjects(
                        folder.resolve("forms.pdf"),
                        CATALOG,
                        "<</Type/Pages/Count 1/Kids[3 0 R]>>",
                        "<</Type/Page/MediaBox[0 0 10 10]/Parent 2 0 R/Contents 5 0 R/Resources<</XObject<</F 4 0 R>>>>>>",
                        form,
                        "<</Length 5>>\nstream\n/F Do\nendstream");
        try (PdfDocument document = open(file)) {
            refused(Kind.MEDIA_TOO_LARGE, () -> document.render(0, 10, 10));
        }
    }

    @Test
    void a_stream_that_unpacks_to_gigabytes_is_not_unpacked() {
        Path content =
                PdfFiles.written(
                        folder.resolve("content.pdf"),
                        made -> {
                            PDPage page = PdfFiles.addPage(made, 100, 100, "");
                            page.getCOSObject()
                                    .setItem(COSName.CONTENTS, PdfFiles.bomb(made, 200L << 20));
                        });
        Path picture =
                PdfFiles.written(
                        folder.resolve("picture.pdf"),
                        made -> {
                            COSStream bomb = PdfFiles.bomb(made, 200L << 20);
                            setPicture(bomb, 10, 10);
                            showPicture(made, bomb);
                        });
        for (Path file : new Path[] {content, picture}) {
            try (PdfDocument document = open(file)) {
                InvalidRequestException e =
                        refused(Kind.MEDIA_TOO_LARGE, () -> document.render(0, 10, 10));
                assertTrue(e.getMessage().contains("unpacks to more than"), e.getMessage());
            }
        }
    }

    @Test
    void a_huge_picture_in_a_page_is_refused_by_its_size() {
        Path file =
                PdfFiles.written(
                        folder.resolve("huge.pdf"),
                        made -> {
                            COSStream small = PdfFiles.bomb(made, 10);
                            setPicture(small, 60_000, 60_000);
                            showPicture(made, small);
                        });
        try (PdfDocument document = open(file)) {
            refused(
                    Kind.MEDIA_TOO_LARGE,
                    "PDF, page 1: holds a picture of 60000 x 60000 pixels, the limit is 64,000,000 in all",
                    () -> document.render(0, 10, 10));
        }
    }

    @Test
    void a_jpeg_in_a_page_is_as_large_as_it_says_itself() throws IOException {
        byte[] jpeg = jpeg();
        int size = 0;
        while ((jpeg[size] & 0xff) != 0xff || (jpeg[size + 1] & 0xff) != 0xc0) {
            size++;
        }
        jpeg[size + 5] = (byte) 0xff;
        jpeg[size + 7] = (byte) 0xff;
        Path file =
                PdfFiles.written(
                        folder.resolve("jpeg.pdf"),
                        made -> {
                            COSStream stream = made.getDocument().createCOSStream();
                            try (var out = stream.createRawOutputStream()) {
                                out.write(jpeg);
                            }
                            stream.setItem(COSName.FILTER, COSName.DCT_DECODE);
                            setPicture(stream, 8, 8);
                            showPicture(made, stream);
                        });
        try (PdfDocument document = open(file)) {
            InvalidRequestException e =
                    refused(Kind.MEDIA_TOO_LARGE, () -> document.render(0, 10, 10));
            assertTrue(e.getMessage().contains("holds a picture of"), e.getMessage());
        }
    }

    @Test
    void an_inline_picture_is_measured_too() {
        Path file =
                PdfFiles.written(
                        folder.resolve("inline.pdf"),
                        made ->
                                PdfFiles.addPage(
                                        made,
                                        100,
                                        100,
                                        "BI /W 70000 /H 70000 /BPC 8 /CS /G ID abc EI"));
        try (PdfDocument document = open(file)) {
            refused(
                    Kind.MEDIA_TOO_LARGE,
                    "PDF, page 1: holds a picture of 70000 x 70000 pixels, the limit is 64,000,000 in all",
                    () -> document.render(0, 10, 10));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"JPXDecode", "JBIG2Decode"})
    void pictures_in_formats_that_are_not_decoded_are_left_out(String filter) {
        Path file =
                PdfFiles.written(
                        folder.resolve("left-out.pdf"),
                        made -> {
                            COSStream stream = made.getDocument().createCOSStream();
                            try (var out = stream.createRawOutputStream()) {
                                out.write(new byte[] {0, 0, 0, 12, 'j', 'P', ' ', ' '});
                            }
                            stream.setItem(COSName.FILTER, COSName.getPDFName(filter));
                            setPicture(stream, 8, 8);
                            showPicture(made, stream);
                        });
        try (PdfDocument document = open(file)) {
            byte[] drawn = document.render(0, 10, 10).pixels();
            byte[] white = new byte[300];
            Arrays.fill(white, (byte) 0xff);
            assertTrue(Arrays.equals(white, drawn));
        }
    }

    @Test
    void limits_are_checked() {
        assertThrows(ConfigException.class, () -> new DocumentLimits(0, 1, 1));
        assertThrows(ConfigException.class, () -> new DocumentLimits(1, 0, 1));
        assertThrows(ConfigException.class, () -> new DocumentLimits(1, 1, 0));
        assertThrows(ConfigException.class, () -> new DocumentLimits(1, 1, 1L << 40));
    }

    private static byte[] jpeg() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "jpg", out);
        return out.toByteArray();
    }

    private static void setPicture(COSStream stream, int width, int height) {
        stream.setItem(COSName.TYPE, COSName.XOBJECT);
        stream.setItem(COSName.SUBTYPE, COSName.IMAGE);
        stream.setInt(COSName.WIDTH, width);
        stream.setInt(COSName.HEIGHT, height);
        stream.setInt(COSName.BITS_PER_COMPONENT, 8);
        stream.setItem(COSName.COLORSPACE, COSName.DEVICERGB);
    }

    private static void showPicture(PDDocument document, COSStream picture) throws IOException {
        PDPage page = PdfFiles.addPage(document, 100, 100, "100 0 0 100 0 0 cm /Picture Do");
        PDResources resources = new PDResources();
        resources.put(
                COSName.getPDFName("Picture"),
                new PDImageXObject(new PDStream(picture), resources));
        page.setResources(resources);
    }

    private static PdfDocument open(Path file) {
        return PdfDocument.open(file, DocumentLimits.DEFAULT);
    }

    static void refused(Kind kind, String message, Executable work) {
        assertEquals(message, refused(kind, work).getMessage());
    }

    static InvalidRequestException refused(Kind kind, Executable work) {
        InvalidRequestException e = assertThrows(InvalidRequestException.class, work);
        assertEquals(kind, e.kind(), e.getMessage());
        assertOurWords(e);
        return e;
    }

    private static void assertOurWords(InvalidRequestException e) {
        assertTrue(
                e.getMessage().startsWith("PDF") || e.getMessage().startsWith("document of"),
                e.getMessage());
        if (e.getCause() != null && e.getCause().getMessage() != null) {
            assertTrue(!e.getMessage().contains(e.getCause().getMessage()), e.getMessage());
        }
    }
}
