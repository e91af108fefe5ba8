package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;

/// BMP: file header, information header, palette, rows. Compressed ones are rare and refused.
final class BmpContainer {

    private static final int FILE_HEADER_BYTES = 14;
    private static final int CORE_HEADER_BYTES = 12;
    private static final int UNCOMPRESSED = 0;
    private static final int BIT_FIELDS = 3;

    private BmpContainer() {}

    static EncodedPicture read(ByteView view, ImageLimits limits) {
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
                                && !EncodedPicture.isGreyRamp(
                                        view, palette, numColours, entryBytes));
        return new EncodedPicture(
                view.format(),
                (int) width,
                (int) height,
                indexed ? Picture.Mode.INDEXED : Picture.Mode.RGB,
                view.bytes());
    }

    private static void checkLayout(ByteView view, int bitsPerPixel, long compression) {
        boolean plain =
                compression == UNCOMPRESSED
                        && switch (bitsPerPixel) {
                            case 1, 4, 8, 16, 24, 32 -> true;
                            default -> false;
                        };
        boolean masked = compression == BIT_FIELDS && (bitsPerPixel == 16 || bitsPerPixel == 32);
        if (!plain && !masked) {
            throw new InvalidRequestException(
                    InvalidRequestException.Kind.UNSUPPORTED_MEDIA,
                    null,
                    "BMP image with %d bits per pixel in compression %d; save it as PNG"
                            .formatted(bitsPerPixel, compression));
        }
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
