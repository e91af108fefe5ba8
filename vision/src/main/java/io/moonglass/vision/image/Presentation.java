package io.moonglass.vision.image;

/// What is done with decoded pixels before anybody sees them.
///
/// @param overWhite whether transparency is taken away, with white behind it
record Presentation(boolean overWhite, Orientation orientation) {

    static final Presentation AS_STORED = new Presentation(false, Orientation.AS_STORED);

    static Presentation of(PictureStyle style, Orientation orientation) {
        return switch (style) {
            case UPRIGHT -> new Presentation(true, orientation);
            case UPSTREAM -> AS_STORED;
        };
    }
}
