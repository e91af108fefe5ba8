package io.moonglass.vision.image;

/// Where a frame lies on its canvas, in pixels.
public record FrameArea(int left, int top, int width, int height) {

    long numPixels() {
        return (long) width * height;
    }

    /// Whether nothing of a canvas is left free.
    public boolean covers(int canvasWidth, int canvasHeight) {
        return left == 0 && top == 0 && width == canvasWidth && height == canvasHeight;
    }

    /// @return this, if it is not empty and lies on the canvas
    FrameArea on(int canvasWidth, int canvasHeight, ByteView view) {
        boolean fits =
                width > 0
                        && height > 0
                        && (long) left + width <= canvasWidth
                        && (long) top + height <= canvasHeight
                        && left >= 0
                        && top >= 0;
        if (!fits) {
            throw view.invalid(
                    "has a frame of %d x %d at (%d, %d), outside its %d x %d"
                            .formatted(width, height, left, top, canvasWidth, canvasHeight));
        }
        return this;
    }
}
