package io.moonglass.vision.image;

/// JPEG: segments from SOI to EOI; the entropy-coded data after a scan header runs to the next marker.
final class JpegContainer {

    /// Real progressive pictures have some ten. Each costs a pass over all pixels, however short it is.
    private static final int MAX_SCANS = 100;

    private static final int SOI = 0xd8;
    private static final int EOI = 0xd9;
    private static final int SOS = 0xda;
    private static final int APP1 = 0xe1;

    private JpegContainer() {}

    static NativePicture read(ByteView view, ImageLimits limits, PictureStyle style) {
        int width = 0;
        int height = 0;
        int numScans = 0;
        Orientation orientation = null;
        long at = 2;
        while (true) {
            at = nextMarker(view, at);
            int marker = view.u8(at++);
            if (marker == EOI) {
                break;
            }
            if (marker == SOI) {
                throw view.invalid("begins twice");
            }
            if (standsAlone(marker)) {
                continue;
            }
            int length = view.u16be(at);
            if (length < 2) {
                throw view.invalid("has a segment of impossible length");
            }
            view.need(at, length);
            if (isFrameHeader(marker)) {
                if (width != 0) {
                    throw view.invalid("declares its size twice");
                }
                height = view.u16be(at + 3);
                width = view.u16be(at + 5);
                limits.checkSize(view.format(), width, height);
            }
            if (marker == APP1
                    && orientation == null
                    && view.startsWith((int) at + 2, "Exif\0\0")) {
                orientation = ExifOrientation.read(view.bytes(), at + 2, at + length);
            }
            if (marker == SOS && ++numScans > MAX_SCANS) {
                throw view.invalid("has more than %d scans".formatted(MAX_SCANS));
            }
            at += length;
        }
        if (width == 0 || numScans == 0) {
            throw view.invalid("holds no pixels");
        }
        return new NativePicture(
                view.format(),
                width,
                height,
                Picture.Mode.RGB,
                NativePicture.head(view, at),
                Presentation.of(style, orientation == null ? Orientation.AS_STORED : orientation));
    }

    /// The offset of the next marker's second byte. `FF 00` is a data byte and `FF FF` is fill; other
    /// bytes are a scan's data.
    private static long nextMarker(ByteView view, long at) {
        while (true) {
            while (view.u8(at) != 0xff) {
                at++;
            }
            while (view.u8(at) == 0xff) {
                at++;
            }
            if (view.u8(at) != 0) {
                return at;
            }
        }
    }

    /// RST0 to RST7 and TEM have no length.
    private static boolean standsAlone(int marker) {
        return (marker >= 0xd0 && marker <= 0xd7) || marker == 0x01;
    }

    /// SOF0 to SOF15; the three codes among them that mean something else are tables.
    private static boolean isFrameHeader(int marker) {
        return marker >= 0xc0
                && marker <= 0xcf
                && marker != 0xc4
                && marker != 0xc8
                && marker != 0xcc;
    }
}
