package io.moonglass.vision.image;

/// How stored rows and columns lie on the picture that is shown.
///
/// Source: Exif 2.32, tag 0x0112; the constants are in the order of its numbers, from 1.
enum Orientation {
    AS_STORED(false, false, false),
    MIRRORED(true, false, false),
    UPSIDE_DOWN(true, true, false),
    FLIPPED(false, true, false),
    TRANSPOSED(false, false, true),
    TURN_RIGHT(false, true, true),
    TRANSVERSED(true, true, true),
    TURN_LEFT(true, false, true);

    private final boolean reversesColumns;
    private final boolean reversesRows;
    private final boolean swapsSides;

    Orientation(boolean reversesColumns, boolean reversesRows, boolean swapsSides) {
        this.reversesColumns = reversesColumns;
        this.reversesRows = reversesRows;
        this.swapsSides = swapsSides;
    }

    /// What Exif's number means; any other than 1 to 8 means nothing.
    static Orientation of(int exif) {
        return exif >= 1 && exif <= 8 ? values()[exif - 1] : AS_STORED;
    }

    /// Whether stored rows become columns.
    boolean swapsSides() {
        return swapsSides;
    }

    /// What a picture covers of its pixels after it was decoded at a part of its stored sides and turned.
    Picture.Extent extent(int width, int height, int reduction) {
        double shownWidth = (double) width / reduction;
        double shownHeight = (double) height / reduction;
        double left = reversesColumns ? Math.ceil(shownWidth) - shownWidth : 0;
        double top = reversesRows ? Math.ceil(shownHeight) - shownHeight : 0;
        return swapsSides
                ? new Picture.Extent(top, left, shownHeight, shownWidth)
                : new Picture.Extent(left, top, shownWidth, shownHeight);
    }

    /// Puts a stored row where it is shown.
    ///
    /// @param row    `[width, 3]`
    /// @param y      which of `height` stored rows it is
    /// @param shown  all pixels of the picture that is shown
    void place(byte[] row, int y, int width, int height, byte[] shown) {
        int shownY = reversesRows ? height - 1 - y : y;
        int shownX = reversesColumns ? width - 1 : 0;
        int step = reversesColumns ? -1 : 1;
        int to = 3 * (swapsSides ? shownX * height + shownY : shownY * width + shownX);
        int toStep = 3 * (swapsSides ? step * height : step);
        for (int from = 0; from < 3 * width; from += 3, to += toStep) {
            shown[to] = row[from];
            shown[to + 1] = row[from + 1];
            shown[to + 2] = row[from + 2];
        }
    }
}
