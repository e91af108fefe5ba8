package io.moonglass.vision.document;

/// A page as a reader sees it: the crop box, rotated as the page says.
///
/// @param widthPoints  in points, 72 to the inch; finite and above 0
/// @param heightPoints in points
public record PageSize(double widthPoints, double heightPoints) {

    public PageSize {
        if (!(widthPoints > 0 && heightPoints > 0)
                || Double.isInfinite(widthPoints)
                || Double.isInfinite(heightPoints)) {
            throw new IllegalArgumentException(
                    "page of %s x %s points; want finite sides above 0"
                            .formatted(widthPoints, heightPoints));
        }
    }
}
