package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;

/// The formats that are taken in, told apart by their first bytes and by nothing else.
public enum ImageFormat {
    PNG,
    JPEG,
    WEBP,
    GIF,
    BMP;

    /// @throws InvalidRequestException if the bytes start like none of them
    static ImageFormat of(byte[] bytes) {
        ByteView view = new ByteView(null, bytes);
        if (view.startsWith(0, "\u0089PNG\r\n\u001a\n")) {
            return PNG;
        }
        if (view.startsWith(0, "\u00ff\u00d8\u00ff")) {
            return JPEG;
        }
        if (view.startsWith(0, "RIFF") && view.startsWith(8, "WEBP")) {
            return WEBP;
        }
        if (view.startsWith(0, "GIF87a") || view.startsWith(0, "GIF89a")) {
            return GIF;
        }
        if (view.startsWith(0, "BM")) {
            return BMP;
        }
        throw new InvalidRequestException(
                InvalidRequestException.Kind.UNSUPPORTED_MEDIA,
                null,
                ForeignFormat.describe(bytes));
    }
}
