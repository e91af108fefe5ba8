package io.moonglass.vision.document;

import io.moonglass.loader.fault.InvalidRequestException;
import java.awt.geom.AffineTransform;
import org.apache.pdfbox.pdmodel.PDPage;
import org.apache.pdfbox.pdmodel.common.PDRectangle;

/// The part of a page's own coordinates that is shown, and how it is turned. Those coordinates have y upwards.
///
/// @param rotation clockwise, in quarters of a turn: 0 to 3
/// @param userUnit how many points one unit is
record PageBox(float left, float bottom, float right, float top, int rotation, float userUnit) {

    /// 50 metres: posters and drawings are shorter.
    private static final double MOST_POINTS = 144_000;

    /// Below it a page has no side worth a pixel.
    private static final double LEAST_POINTS = 1;

    /// Further from the origin single precision has no room for a page's details.
    private static final float FURTHEST = 1_000_000;

    /// The crop box, or the media box where the crop box shows nothing of it.
    ///
    /// @param where what faults begin with
    static PageBox of(PDPage page, String where) {
        PDRectangle shown = page.getCropBox();
        if (!(shown.getWidth() > 0 && shown.getHeight() > 0)) {
            shown = page.getMediaBox();
        }
        PageBox box =
                new PageBox(
                        shown.getLowerLeftX(),
                        shown.getLowerLeftY(),
                        shown.getUpperRightX(),
                        shown.getUpperRightY(),
                        page.getRotation() / 90,
                        page.getUserUnit());
        box.check(where);
        return box;
    }

    private void check(String where) {
        double width = (double) (right - left) * userUnit;
        double height = (double) (top - bottom) * userUnit;
        boolean near =
                Math.abs(left) <= FURTHEST
                        && Math.abs(bottom) <= FURTHEST
                        && Math.abs(right) <= FURTHEST
                        && Math.abs(top) <= FURTHEST;
        // written so that NaN fails too
        if (!near
                || !(width >= LEAST_POINTS && width <= MOST_POINTS)
                || !(height >= LEAST_POINTS && height <= MOST_POINTS)) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.INVALID_MEDIA,
                    null,
                    "%s: is %s x %s points; want sides from %.0f to %,.0f (50 m), and corners within %,.0f of the origin"
                            .formatted(where, width, height, LEAST_POINTS, MOST_POINTS, FURTHEST));
        }
    }

    PageSize size() {
        double width = (double) (right - left) * userUnit;
        double height = (double) (top - bottom) * userUnit;
        return isTurnedSideways() ? new PageSize(height, width) : new PageSize(width, height);
    }

    private boolean isTurnedSideways() {
        return rotation % 2 == 1;
    }

    /// What a region of the page's picture shows, in the page's own coordinates.
    ///
    /// @param width  pixels of the whole page, as shown
    /// @param height pixels of the whole page, as shown
    PDRectangle shownIn(PixelRegion region, int width, int height) {
        double unitsPerColumn = (isTurnedSideways() ? top - bottom : right - left) / (double) width;
        double unitsPerRow = (isTurnedSideways() ? right - left : top - bottom) / (double) height;
        double fromLeft = region.left() * unitsPerColumn;
        double toRight = (region.left() + (double) region.width()) * unitsPerColumn;
        double fromTop = region.top() * unitsPerRow;
        double toBottom = (region.top() + (double) region.height()) * unitsPerRow;
        return switch (rotation) {
            case 1 ->
                    rectangle(left + fromTop, bottom + fromLeft, left + toBottom, bottom + toRight);
            case 2 ->
                    rectangle(
                            right - toRight, bottom + fromTop, right - fromLeft, bottom + toBottom);
            case 3 -> rectangle(right - toBottom, top - toRight, right - fromTop, top - fromLeft);
            default -> rectangle(left + fromLeft, top - toBottom, left + toRight, top - fromTop);
        };
    }

    private static PDRectangle rectangle(double left, double bottom, double right, double top) {
        PDRectangle rectangle = new PDRectangle();
        rectangle.setLowerLeftX((float) left);
        rectangle.setLowerLeftY((float) bottom);
        rectangle.setUpperRightX((float) right);
        rectangle.setUpperRightY((float) top);
        return rectangle;
    }

    /// From places in a rectangle of the page, counted from its upper left corner with y downwards, to the pixels of
    /// the region that shows it.
    AffineTransform toPixels(PDRectangle shown, PixelRegion region) {
        double width = shown.getWidth();
        double height = shown.getHeight();
        double columns = region.width() / (isTurnedSideways() ? height : width);
        double rows = region.height() / (isTurnedSideways() ? width : height);
        return switch (rotation) {
            case 1 -> new AffineTransform(0, rows, -columns, 0, columns * height, 0);
            case 2 -> new AffineTransform(-columns, 0, 0, -rows, columns * width, rows * height);
            case 3 -> new AffineTransform(0, -rows, columns, 0, 0, rows * width);
            default -> new AffineTransform(columns, 0, 0, rows, 0, 0);
        };
    }
}
