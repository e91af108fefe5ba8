package io.moonglass.vision.document;

import io.moonglass.vision.image.Picture;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.IOException;
import java.util.Map;
import org.apache.pdfbox.cos.COSDictionary;
import org.apache.pdfbox.cos.COSName;
import org.apache.pdfbox.pdmodel.PDDocument;
import org.apache.pdfbox.pdmodel.common.PDRectangle;
import org.apache.pdfbox.rendering.ImageType;
import org.apache.pdfbox.rendering.PDFRenderer;
import org.apache.pdfbox.rendering.PageDrawer;
import org.apache.pdfbox.rendering.PageDrawerParameters;

/// Draws one region of one page. PDFBox knows one scale and whole crop boxes; here the page first seems to be as many
/// points large as the region has pixels, and when it is drawn its boxes become the part that the region shows. So
/// also the layers that PDFBox makes of transparent parts are no larger than the region.
final class PageRenderer extends PDFRenderer {

    private static final RenderingHints HINTS =
            new RenderingHints(
                    Map.of(
                            RenderingHints.KEY_ANTIALIASING,
                            RenderingHints.VALUE_ANTIALIAS_ON,
                            RenderingHints.KEY_INTERPOLATION,
                            RenderingHints.VALUE_INTERPOLATION_BICUBIC,
                            RenderingHints.KEY_RENDERING,
                            RenderingHints.VALUE_RENDER_QUALITY));

    private final COSDictionary page;
    private final PageBox box;
    private final StreamLimits streams;
    private PDRectangle shown;
    private PixelRegion region;

    /// @param document whose only page is this one
    /// @param page     may be changed
    PageRenderer(PDDocument document, COSDictionary page, PageBox box, StreamLimits streams) {
        super(document);
        this.page = page;
        this.box = box;
        this.streams = streams;
        setRenderingHints(HINTS);
        setSubsamplingAllowed(true); // the drawer says of which pictures
    }

    Picture draw(int width, int height, PixelRegion region) throws IOException {
        this.region = region;
        this.shown = box.shownIn(region, width, height);
        PDRectangle pixels = new PDRectangle(region.width(), region.height());
        page.setItem(COSName.MEDIA_BOX, pixels);
        page.setItem(COSName.CROP_BOX, pixels);
        page.setInt(COSName.ROTATE, 0);
        return pictureOf(renderImage(0, 1, ImageType.RGB));
    }

    @Override
    protected PageDrawer createPageDrawer(PageDrawerParameters parameters) throws IOException {
        PageDrawer drawer =
                new BoundedDrawer(parameters, shown, box.toPixels(shown, region), streams);
        drawer.setAnnotationFilter(getAnnotationsFilter());
        return drawer;
    }

    private static Picture pictureOf(BufferedImage image) {
        int[] packed = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
        byte[] rgb = new byte[packed.length * 3];
        for (int i = 0, to = 0; i < packed.length; i++, to += 3) {
            rgb[to] = (byte) (packed[i] >> 16);
            rgb[to + 1] = (byte) (packed[i] >> 8);
            rgb[to + 2] = (byte) packed[i];
        }
        return new Picture(image.getWidth(), image.getHeight(), Picture.Mode.RGB, rgb);
    }
}
