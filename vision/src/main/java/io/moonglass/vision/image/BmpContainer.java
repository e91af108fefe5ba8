package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;

/// BMP: file header, information header, palette, rows. Compressed ones are rare and refused.
final class BmpContainer {

    private static final int FILE_HEADER_BYTES = 14;
    private static final int CORE_HEADER_BYTES = 12;
    private static final int UNCOMPRESSED = 0;
    private static final int BIT_FIELDS = 3;
    private static final int MASKS = 54;

    private BmpContainer() {}

    static NativePicture read(ByteView view, ImageLimits limits, PictureStyle style) {
        long headerBytes = view.u32le(FILE_HEADER_BYTES);
        if (headerBytes != CORE_HEADER_BYTES && (headerBytes < 40 || headerBytes > 1024)) {
            throw view.invalid("has a header of %d bytes, which is none".formatted(headerBytes));
        }
        boolean core = headerBytes == CORE_HEADER_BYTES;
        long width = core ? view.u16le(18) : (int) view.u32le(18);
        // rows run upwards, or downwards where the height is negative
        long height = core ? view.u16le(20) : Math.abs((long) (int) view.u32le(22));
        limits.checkSize(view.format(), width, height);

        int bitsPerPixel = view.u16le(core ? 24 : 28);
        long compression = core ? UNCOMPRESSED : view.u32le(30);
        checkLayout(view, bitsPerPixel, compression);

        long palette = FILE_HEADER_BYTES + headerBytes;
        int entryBytes = core ? 3 : 4;
        int numColours = bitsPerPixel > 8 ? 0 : numColours(view, core, bitsPerPixel);
        long pixels = view.u32le(10);
        if (pixels < palette + (long) numColours * entryBytes) {
            throw view.invalid("has pixels that begin inside its header");
        }
        long rowBytes = (width * bitsPerPixel + 31) / 32 * 4;
        view.need(pixels, rowBytes * height);

        boolean indexed =
                bitsPerPixel == 1
                        || (bitsPerPixel <= 8
                                && !isGreyRamp(view, palette, numColours, entryBytes));
        Picture.Mode mode =
                hasAlpha(view, headerBytes, compression)
                        ? Picture.Mode.RGBA
                        : indexed ? Picture.Mode.INDEXED : Picture.Mode.RGB;
        boolean blends = style == PictureStyle.UPRIGHT && mode == Picture.Mode.INDEXED;
        return new NativePicture(
                view.format(),
                (int) width,
                (int) height,
                blends ? Picture.Mode.RGB : mode,
                view.bytes(),
                Presentation.of(style, Orientation.AS_STORED));
    }

    /// Masks that move the channels elsewhere, and 16 bits, are as rare as compression.
    private static void checkLayout(ByteView view, int bitsPerPixel, long compression) {
        boolean plain =
                switch (bitsPerPixel) {
                    case 1, 4, 8, 24 -> compression == UNCOMPRESSED;
                    case 32 ->
                            compression == UNCOMPRESSED
                                    || (compression == BIT_FIELDS && hasUsualMasks(view));
                    default -> false;
                };
        if (!plain) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.UNSUPPORTED_MEDIA,
                    null,
                    "BMP image with %d bits per pixel in compression %d; save it as PNG"
                            .formatted(bitsPerPixel, compression));
        }
    }

    private static boolean hasUsualMasks(ByteView view) {
        return view.u32le(MASKS) == 0xff0000
                && view.u32le(MASKS + 4) == 0xff00
                && view.u32le(MASKS + 8) == 0xff;
    }

    /// Only the larger headers have a mask for alpha.
    private static boolean hasAlpha(ByteView view, long headerBytes, long compression) {
        return compression == BIT_FIELDS && headerBytes >= 56 && view.u32le(MASKS + 12) != 0;
    }

    /// Greys 0, 1, 2 … in order make every index its own grey level: upstream takes that for a grey
    /// picture.
    private static boolean isGreyRamp(ByteView view, long palette, int numColours, int entryBytes) {
        for (int i = 0; i < numColours; i++) {
            for (int channel = 0; channel < 3; channel++) {
                if (view.u8(palette + (long) i * entryBytes + channel) != i) {
                    return false;
                }
            }
        }
        return true;
    }

    private static int numColours(ByteView view, boolean core, int bitsPerPixel) {
        int most = 1 << bitsPerPixel;
        long declared = core ? 0 : view.u32le(46);
        if (declared > most) {
            throw view.invalid("declares %d colours in %d bits".formatted(declared, bitsPerPixel));
        }
        return declared == 0 ? most : (int) declared;
    }
}
