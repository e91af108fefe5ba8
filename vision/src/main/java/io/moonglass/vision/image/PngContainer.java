package io.moonglass.vision.image;

import java.io.ByteArrayOutputStream;
import java.util.Optional;
import java.util.zip.CRC32;

/// PNG: signature, then chunks of length, type, data and CRC, from IHDR to IEND.
///
/// Only the chunks that hold the picture reach the decoder, and a palette's transparency where it is to be
/// seen. Text, colour profiles and animation change nothing in what the model is shown.
final class PngContainer {

    private static final int SIGNATURE_BYTES = 8;
    private static final int IHDR = type("IHDR");
    private static final int PLTE = type("PLTE");
    private static final int TRNS = type("tRNS");
    private static final int EXIF = type("eXIf");
    private static final int IDAT = type("IDAT");
    private static final int IEND = type("IEND");
    private static final int GREY = 0;
    private static final int COLOURS = 2;
    private static final int PALETTE = 3;

    private PngContainer() {}

    static NativePicture read(ByteView view, ImageLimits limits, PictureStyle style) {
        return switch (style) {
            case UPRIGHT -> read(view, limits, true, true);
            case UPSTREAM -> read(view, limits, false, false);
        };
    }

    /// A picture whose pixels keep all transparency there is, for who lays them over others.
    static NativePicture readTransparent(ByteView view, ImageLimits limits) {
        return read(view, limits, true, false);
    }

    private static NativePicture read(
            ByteView view, ImageLimits limits, boolean transparent, boolean upright) {
        long at = SIGNATURE_BYTES;
        if (view.u32be(at) != 13 || view.u32be(at + 4) != IHDR) {
            throw view.invalid("does not begin with its header");
        }
        long width = view.u32be(at + 8);
        long height = view.u32be(at + 12);
        limits.checkSize(view.format(), width, height);
        int bitDepth = view.u8(at + 16);
        int colourType = view.u8(at + 17);
        Picture.Mode mode = mode(view, bitDepth, colourType);

        ByteArrayOutputStream kept = new ByteArrayOutputStream(view.length());
        kept.write(view.bytes(), 0, SIGNATURE_BYTES);
        boolean hasData = false;
        boolean hasAlpha = mode == Picture.Mode.RGBA;
        Optional<ColourKey> key = Optional.empty();
        Orientation orientation = Orientation.AS_STORED;
        while (true) {
            long length = view.u32be(at);
            long type = view.u32be(at + 4);
            view.need(at + 8, length + 4);
            boolean ancillary = (type & 0x2000_0000) != 0;
            if (!ancillary) {
                checkCritical(view, at, length, type);
                kept.write(view.bytes(), (int) at, (int) (length + 12));
            } else if (transparent && isIntact(view, at, length)) {
                if (type == TRNS && colourType == PALETTE && !hasData) {
                    kept.write(view.bytes(), (int) at, (int) (length + 12));
                    hasAlpha = true;
                } else if (type == TRNS && !hasData) {
                    key = key(view, at, length, bitDepth, colourType);
                } else if (type == EXIF) {
                    orientation = ExifOrientation.read(view.bytes(), at + 8, at + 8 + length);
                }
            }
            hasData |= type == IDAT;
            at += length + 12;
            if (type == IEND) {
                break;
            }
        }
        if (!hasData) {
            throw view.invalid("holds no pixels");
        }
        Picture.Mode shown = hasAlpha || key.isPresent() ? Picture.Mode.RGBA : Picture.Mode.RGB;
        return new NativePicture(
                view.format(),
                (int) width,
                (int) height,
                transparent ? shown : mode,
                kept.toByteArray(),
                key,
                upright ? new Presentation(true, orientation) : Presentation.AS_STORED);
    }

    /// The transparent colour of a picture without alpha or palette.
    private static Optional<ColourKey> key(
            ByteView view, long at, long length, int bitDepth, int colourType) {
        if (colourType == GREY && length == 2) {
            return Optional.of(ColourKey.grey(bitDepth, view.u16be(at + 8)));
        }
        if (colourType == COLOURS && length == 6) {
            return Optional.of(
                    ColourKey.of(
                            bitDepth,
                            view.u16be(at + 8),
                            view.u16be(at + 10),
                            view.u16be(at + 12)));
        }
        return Optional.empty();
    }

    private static void checkCritical(ByteView view, long at, long length, long type) {
        boolean known = type == IHDR || type == PLTE || type == IDAT || type == IEND;
        if (!known || (type == IHDR && at != SIGNATURE_BYTES)) {
            throw view.invalid("has a chunk that does not belong there");
        }
        if (!isIntact(view, at, length)) {
            throw view.invalid("is damaged: a checksum does not match");
        }
    }

    private static boolean isIntact(ByteView view, long at, long length) {
        CRC32 crc = new CRC32();
        crc.update(view.bytes(), (int) at + 4, (int) length + 4);
        return crc.getValue() == view.u32be(at + 8 + length);
    }

    private static Picture.Mode mode(ByteView view, int bitDepth, int colourType) {
        boolean packed = bitDepth == 1 || bitDepth == 2 || bitDepth == 4;
        boolean wide = bitDepth == 8 || bitDepth == 16;
        boolean possible =
                switch (colourType) {
                    case 0 -> packed || wide;
                    case 2, 4, 6 -> wide;
                    case 3 -> packed || bitDepth == 8;
                    default -> false;
                };
        if (!possible) {
            throw view.invalid(
                    "has colour type %d in %d bits, which is none".formatted(colourType, bitDepth));
        }
        return switch (colourType) {
            case 0 -> bitDepth == 1 ? Picture.Mode.INDEXED : Picture.Mode.RGB;
            case 3 -> Picture.Mode.INDEXED;
            case 4, 6 -> Picture.Mode.RGBA;
            default -> Picture.Mode.RGB;
        };
    }

    private static int type(String name) {
        return name.charAt(0) << 24 | name.charAt(1) << 16 | name.charAt(2) << 8 | name.charAt(3);
    }
}
