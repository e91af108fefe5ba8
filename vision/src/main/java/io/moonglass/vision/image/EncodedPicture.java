package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;

/// A picture whose container was read and found within the limits, but whose pixels are still encoded: its size is
/// known before anything is decoded. Pages of documents and frames of videos are such pictures too.
public interface EncodedPicture {

    /// Columns of pixels.
    int width();

    /// Rows of pixels.
    int height();

    /// Decodes the pixels on the calling thread, which should be a platform thread.
    ///
    /// @throws InvalidRequestException if the pixels are damaged
    Picture decode();

    /// @throws InvalidRequestException if the bytes are no whole picture within the limits
    static EncodedPicture of(byte[] bytes, ImageLimits limits) {
        limits.checkBytes(bytes.length);
        ByteView view = new ByteView(ImageFormat.of(bytes), bytes);
        return switch (view.format()) {
            case PNG -> PngContainer.read(view, limits);
            case JPEG -> JpegContainer.read(view, limits);
            case WEBP -> WebpContainer.read(view, limits);
            case GIF -> GifPicture.read(view, limits);
            case BMP -> BmpContainer.read(view, limits);
        };
    }
}
