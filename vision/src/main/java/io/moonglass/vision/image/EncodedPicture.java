package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.Arrays;

/// A picture whose container was read to its end and found whole, but whose pixels are still encoded.
///
/// @param bytes what the native decoder is given: the picture alone, without trailing bytes, further
///              frames and, where they are easily left out, metadata
record EncodedPicture(ImageFormat format, int width, int height, Picture.Mode mode, byte[] bytes) {

    /// @throws InvalidRequestException if the bytes are no whole picture within the limits
    static EncodedPicture of(byte[] bytes, ImageLimits limits) {
        limits.checkBytes(bytes.length);
        ByteView view = new ByteView(ImageFormat.of(bytes), bytes);
        return switch (view.format()) {
            case PNG -> PngContainer.read(view, limits);
            case JPEG -> JpegContainer.read(view, limits);
            case WEBP -> WebpContainer.read(view, limits);
            case GIF -> GifContainer.read(view, limits);
            case BMP -> BmpContainer.read(view, limits);
        };
    }

    /// Whether a palette holds the greys 0, 1, 2 … in order, so that indices are grey levels and the
    /// picture counts as grey, not as indexed.
    static boolean isGreyRamp(ByteView view, long palette, int numColours, int entryBytes) {
        view.need(palette, (long) numColours * entryBytes);
        for (int i = 0; i < numColours; i++) {
            for (int channel = 0; channel < 3; channel++) {
                if (view.u8(palette + (long) i * entryBytes + channel) != i) {
                    return false;
                }
            }
        }
        return true;
    }

    static byte[] head(ByteView view, long end) {
        return end == view.length() ? view.bytes() : Arrays.copyOf(view.bytes(), (int) end);
    }
}
