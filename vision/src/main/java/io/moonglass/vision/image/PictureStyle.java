package io.moonglass.vision.image;

/// How the model is shown what a file holds beside plain colours. Colours without transparency, palette or
/// orientation are the same bytes in both styles.
public enum PictureStyle {

    /// As people see it: turned as Exif says (JPEG, WebP, PNG), everything transparent over white, palettes and
    /// single bits as the colours they stand for, so that shrinking averages them.
    UPRIGHT,

    /// As the released processor sees it: never turned, colours under transparency as they are stored, palettes
    /// and single bits shrunk by picking the nearest pixel.
    UPSTREAM
}
