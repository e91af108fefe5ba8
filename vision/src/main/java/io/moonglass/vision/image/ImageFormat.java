package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;
import java.util.Optional;

/// The formats that are taken in, told apart by their first bytes and by nothing else.
public enum ImageFormat {
    PNG,
    JPEG,
    WEBP,
    GIF,
    BMP;

    private static final String ALL = "PNG, JPEG, WebP, GIF or BMP image";

    /// @throws InvalidRequestException if the bytes start like none of them
    static ImageFormat of(byte[] bytes) {
        return of(bytes, ALL);
    }

    /// @param head   the first bytes
    /// @param wanted what else could stand there, for the message: `video (MP4), or GIF`
    /// @throws InvalidRequestException if they start like no picture that is taken in
    public static ImageFormat of(byte[] head, String wanted) {
        return find(head)
                .orElseThrow(() ->
                        new InvalidRequestException(
                                InvalidRequestException.Kind.UNSUPPORTED_MEDIA,
                                null,
                                ForeignFormat.describe(head, wanted)));
    }

    private static Optional<ImageFormat> find(byte[] bytes) {
        ByteView view = new ByteView(null, bytes);
        if (view.startsWith(0, "\u0089PNG\r\n\u001a\n")) {
            return Optional.of(PNG);
        }
        if (view.startsWith(0, "\u00ff\u00d8\u00ff")) {
            return Optional.of(JPEG);
        }
        if (view.startsWith(0, "RIFF") && view.startsWith(8, "WEBP")) {
            return Optional.of(WEBP);
        }
        if (view.startsWith(0, "GIF87a") || view.startsWith(0, "GIF89a")) {
            return Optional.of(GIF);
        }
        if (view.startsWith(0, "BM")) {
            return Optional.of(BMP);
        }
        return Optional.empty();
    }
}
