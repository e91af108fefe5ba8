package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.Optional;

/// A picture whose container was read and found within the limits, but whose pixels are still encoded: its size is
/// known before anything is decoded. Pages of documents and frames of videos are such pictures too.
public interface EncodedPicture {

    /// Columns of pixels, as it is shown.
    int width();

    /// Rows of pixels, as it is shown.
    int height();

    /// What decodes it together with others, one after another and best in order, as a video does its frames; whoever
    /// asks for the pixels may have to wait. Empty for a picture that the calling thread decodes by itself.
    default Optional<Object> decoder() {
        return Optional.empty();
    }

    /// Decodes the pixels on the calling thread, which should be a platform thread.
    ///
    /// @throws InvalidRequestException if the pixels are damaged
    Picture decode();

    /// The same for a picture that will be shrunk to a size that is known: with [JpegDecoding#REDUCED] the result
    /// may have fewer pixels, though never less than the wanted size. Its [Picture.Extent] stays the whole picture.
    ///
    /// @throws InvalidRequestException if the pixels are damaged
    default Picture decode(JpegDecoding decoding, int wantedWidth, int wantedHeight) {
        return decode();
    }

    /// @throws InvalidRequestException if the bytes are no whole picture within the limits
    static EncodedPicture of(byte[] bytes, ImageLimits limits, PictureStyle style) {
        limits.checkBytes(bytes.length);
        ByteView view = new ByteView(ImageFormat.of(bytes), bytes);
        return switch (view.format()) {
            case PNG -> PngContainer.read(view, limits, style);
            case JPEG -> JpegContainer.read(view, limits, style);
            case WEBP -> WebpContainer.read(view, limits, style);
            case GIF -> GifPicture.read(view, limits, style);
            case BMP -> BmpContainer.read(view, limits, style);
        };
    }
}
