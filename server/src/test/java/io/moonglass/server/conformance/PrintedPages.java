package io.moonglass.server.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.PDPageContentStream;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.font.PDFont;
import org.apache.pdfbox.pdmodel.font.PDType0Font;

/// A PDF of words that the demo model was taught, in a font that it was taught too.
///
/// @param texts what is written on each page; empty for a blank one
record PrintedPages(Path file, List<String> texts) {

    private static final String FONT =
            "/org/apache/pdfbox/resources/ttf/LiberationSans-Regular.ttf";
    private static final int MARGIN = 8;
    private static final double LINE_HEIGHT = 1.25;

    /// How pages are laid out.
    ///
    /// @param width     points
    /// @param height    points
    /// @param fontSize  points
    /// @param numBlocks that stand below each other, evenly over the page
    /// @param numLines  of two words each, in a block
    record Layout(int width, int height, int fontSize, int numBlocks, int numLines) {

        /// Read at 72 dpi, a point is a pixel; the model was taught on up to four lines of up to 40 pixels.
        static final Layout SHORT = new Layout(240, 130, 22, 1, 4);

        /// Three times as many pixels as the model sees at once.
        static final Layout LONG = new Layout(240, 1_050, 26, 3, 3);
    }

    /// @param numWritten pages with words
    /// @param numBlank   pages without any, behind them
    static PrintedPages make(Path file, Layout layout, int numWritten, int numBlank) {
        Random random = new Random(20261128);
        List<String> words = words();
        List<String> texts = new ArrayList<>();
        try (PDDocument document = new PDDocument()) {
            PDFont font = font(document);
            for (int page = 0; page < numWritten + numBlank; page++) {
                List<String> lines = new ArrayList<>();
                int numLines = page < numWritten ? layout.numBlocks * layout.numLines : 0;
                for (int i = 0; i < numLines; i++) {
                    lines.add(word(words, random) + " " + word(words, random));
                }
                print(document, layout, font, lines);
                texts.add(String.join("\n", lines));
            }
            document.save(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new PrintedPages(file, texts);
    }

    private static String word(List<String> words, Random random) {
        return words.get(random.nextInt(words.size()));
    }

    /// Those of the recipe that trained the demo model.
    private static List<String> words() throws UncheckedIOException {
        try {
            String recipe = Files.readString(DemoServer.PICTURES.resolve("../../phrases.py"));
            String quotes = "\"\"\"";
            int from = recipe.indexOf("WORDS = " + quotes) + ("WORDS = " + quotes).length();
            return List.of(
                    recipe.substring(from, recipe.indexOf(quotes, from)).strip().split("\\s+"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static PDFont font(PDDocument document) throws IOException {
        try (InputStream font = PDDocument.class.getResourceAsStream(FONT)) {
            return PDType0Font.load(document, font);
        }
    }

    private static void print(PDDocument document, Layout layout, PDFont font, List<String> lines)
            throws IOException {
        PDPage page = new PDPage(new PDRectangle(layout.width, layout.height));
        document.addPage(page);
        try (PDPageContentStream content = new PDPageContentStream(document, page)) {
            content.setFont(font, layout.fontSize);
            for (int i = 0; i < lines.size(); i++) {
                int block = i / layout.numLines;
                double top = MARGIN + (double) block * layout.height / layout.numBlocks;
                double baseline =
                        top + layout.fontSize * (1 + LINE_HEIGHT * (i - block * layout.numLines));
                content.beginText();
                content.newLineAtOffset(MARGIN, (float) (layout.height - baseline));
                content.showText(lines.get(i));
                content.endText();
            }
        }
    }
}
