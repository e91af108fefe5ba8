package io.moonglass.vision.document;

import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.apache.pdfbox.contentstream.operator.Operator;
import org.apache.pdfbox.contentstream.operator.OperatorName;
import org.apache.pdfbox.cos.COSBase;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.pdmodel.graphics.image.PDImage;
import org.apache.pdfbox.rendering.PageDrawer;
import org.apache.pdfbox.rendering.PageDrawerParameters;

/// Draws a part of a page, and gives up when the page's content takes too many operators or too long.
final class BoundedDrawer extends PageDrawer {

    /// A dense page has tens of thousands, a detailed map about a million.
    private static final int MAX_OPERATORS = 3_000_000;

    private static final Duration MAX_TIME = Duration.ofSeconds(30);

    /// Pictures with more pixels are read at lower resolution where they are shrunk anyway: a scan in 600 dots to the
    /// inch would take hundreds of megabytes.
    private static final long LARGE_PICTURE_PIXELS = 16_000_000;

    private final PDRectangle shown;
    private final AffineTransform toPixels;
    private final StreamLimits streams;
    private final long deadline = System.nanoTime() + MAX_TIME.toNanos();
    private int numOperators;

    BoundedDrawer(
            PageDrawerParameters parameters,
            PDRectangle shown,
            AffineTransform toPixels,
            StreamLimits streams)
            throws IOException {
        super(parameters);
        this.shown = shown;
        this.toPixels = toPixels;
        this.streams = streams;
    }

    @Override
    public void drawPage(Graphics2D graphics, PDRectangle wholePicture) throws IOException {
        getPage().setMediaBox(shown);
        getPage().setCropBox(shown);
        graphics.setTransform(toPixels);
        super.drawPage(graphics, shown);
    }

    @Override
    protected void processOperator(Operator operator, List<COSBase> operands) throws IOException {
        if (++numOperators > MAX_OPERATORS) {
            throw PdfFaults.tooLarge(
                    "%s: has more than %,d drawing operators, the limit"
                            .formatted(streams.where(), MAX_OPERATORS));
        }
        if (System.nanoTime() - deadline > 0) {
            throw PdfFaults.tooLarge(
                    "%s: takes longer than %d s to draw, the limit; send it as a picture"
                            .formatted(streams.where(), MAX_TIME.toSeconds()));
        }
        if (operator.getName().equals(OperatorName.BEGIN_INLINE_IMAGE)) {
            streams.checkInlinePicture(operator.getImageParameters(), operator.getImageData());
        }
        super.processOperator(operator, operands);
    }

    @Override
    protected int getSubsampling(PDImage picture, AffineTransform placed) {
        long numPixels = (long) picture.getWidth() * picture.getHeight();
        // half of what would do, so that there is something left to average
        return numPixels <= LARGE_PICTURE_PIXELS
                ? 1
                : Math.max(1, super.getSubsampling(picture, placed) / 2);
    }
}
