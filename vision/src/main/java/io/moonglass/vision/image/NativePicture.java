package io.moonglass.vision.image;

import java.util.Arrays;

/// A picture for the native decoder.
///
/// @param bytes what the decoder is given: the picture alone, without trailing bytes and, where they
///              are easily left out, metadata
record NativePicture(ImageFormat format, int width, int height, Picture.Mode mode, byte[] bytes)
        implements EncodedPicture {

    /// The bytes up to `end`, without a copy if that is all of them.
    static byte[] head(ByteView view, long end) {
        return end == view.length() ? view.bytes() : Arrays.copyOf(view.bytes(), (int) end);
    }

    @Override
    public Picture decode() {
        return OpenCvDecoder.decode(this);
    }
}
