package io.moonglass.vision.image;

import java.util.Arrays;
import java.util.Optional;

/// A picture for the native decoder.
///
/// @param storedWidth  before it is turned
/// @param storedHeight before it is turned
/// @param mode         of the pixels in the file
/// @param bytes        what the decoder is given: the picture alone, without trailing bytes and, where they
///                     are easily left out, metadata
/// @param key          the colour that is transparent in a file without alpha
record NativePicture(
        ImageFormat format,
        int storedWidth,
        int storedHeight,
        Picture.Mode mode,
        byte[] bytes,
        Optional<ColourKey> key,
        Presentation presentation)
        implements EncodedPicture {

    /// Pixels that a reduced picture has for each that is wanted, along a side. Less than 2, because photographs of
    /// 12 megapixels are shrunk to a little more than a quarter of their sides.
    private static final double LEAST_LEFT = 1.75;

    NativePicture(
            ImageFormat format,
            int width,
            int height,
            Picture.Mode mode,
            byte[] bytes,
            Presentation presentation) {
        this(format, width, height, mode, bytes, Optional.empty(), presentation);
    }

    /// The bytes up to `end`, without a copy if that is all of them.
    static byte[] head(ByteView view, long end) {
        return end == view.length() ? view.bytes() : Arrays.copyOf(view.bytes(), (int) end);
    }

    @Override
    public int width() {
        return presentation.orientation().swapsSides() ? storedHeight : storedWidth;
    }

    @Override
    public int height() {
        return presentation.orientation().swapsSides() ? storedWidth : storedHeight;
    }

    @Override
    public Picture decode() {
        return OpenCvDecoder.decode(this, 1);
    }

    @Override
    public Picture decode(JpegDecoding decoding, int wantedWidth, int wantedHeight) {
        boolean reduces = decoding == JpegDecoding.REDUCED && format == ImageFormat.JPEG;
        return OpenCvDecoder.decode(this, reduces ? reduction(wantedWidth, wantedHeight) : 1);
    }

    /// The largest reduction that leaves enough for the filter.
    private int reduction(int wantedWidth, int wantedHeight) {
        int reduction = 1;
        while (reduction < 8
                && width() / (2 * reduction) >= LEAST_LEFT * wantedWidth
                && height() / (2 * reduction) >= LEAST_LEFT * wantedHeight) {
            reduction *= 2;
        }
        return reduction;
    }
}
