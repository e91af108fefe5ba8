package io.moonglass.vision.document;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.cos.COSStream;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.common.PDStream;

/// PDFs for tests, well-formed ones by PDFBox and others written out by hand.
public final class PdfFiles {

    /// Red in the upper left corner of an upright page of 200 x 100 points, blue in the lower right.
    public static final String CORNERS = "1 0 0 rg 0 50 50 50 re f 0 0 1 rg 150 0 50 50 re f\n";

    private PdfFiles() {}

    /// What is done to a document before it is written.
    public interface Making {
        void make(PDDocument document) throws IOException;
    }

    public static Path written(Path file, Making making) {
        try (PDDocument document = new PDDocument()) {
            making.make(document);
            document.save(file.toFile());
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static PDPage addPage(PDDocument document, float width, float height, String content)
            throws IOException {
        return addPage(document, width, height, content.getBytes(StandardCharsets.ISO_8859_1));
    }

    public static PDPage addPage(PDDocument document, float width, float height, byte[] content)
            throws IOException {
        PDPage page = new PDPage(new PDRectangle(width, height));
        PDStream stream = new PDStream(document);
        try (OutputStream out = stream.createOutputStream(COSName.FLATE_DECODE)) {
            out.write(content);
        }
        page.setContents(stream);
        document.addPage(page);
        return page;
    }

    /// A stream that unpacks to so many zeros.
    public static COSStream bomb(PDDocument document, long numBytes) throws IOException {
        COSStream stream = document.getDocument().createCOSStream();
        byte[] zeros = new byte[1 << 20];
        try (OutputStream out = stream.createOutputStream(COSName.FLATE_DECODE)) {
            for (long written = 0; written < numBytes; written += zeros.length) {
                out.write(zeros);
            }
        }
        return stream;
    }

    /// A file of the given objects, the first of which is the catalog, with a table of where they are.
    public static Path ofObjects(Path file, String... objects) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<Integer> places = new ArrayList<>();
        out.writeBytes(latin1("%PDF-1.7\n"));
        for (int i = 0; i < objects.length; i++) {
            places.add(out.size());
            out.writeBytes(latin1("%d 0 obj\n%s\nendobj\n".formatted(i + 1, objects[i])));
        }
        int table = out.size();
        out.writeBytes(latin1("xref\n0 %d\n0000000000 65535 f \n".formatted(objects.length + 1)));
        for (int place : places) {
            out.writeBytes(latin1("%010d 00000 n \n".formatted(place)));
        }
        out.writeBytes(
                latin1(
                        "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
                                .formatted(objects.length + 1, table)));
        return written(file, out.toByteArray());
    }

    public static Path written(Path file, byte[] bytes) {
        try {
            return Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static byte[] latin1(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
