package io.moonglass.vision.image;

/// Finds the orientation in Exif data: a TIFF header, then the first directory, of which only tag 0x0112 is
/// read. Whatever is odd means that there is none: metadata are never a reason to refuse a picture.
final class ExifOrientation {

    private static final int TAG = 0x0112;
    private static final int TYPE_SHORT = 3;
    private static final int ENTRY_BYTES = 12;
    private static final int MAX_ENTRIES = 1000;

    private final byte[] bytes;
    private final long from;
    private final long to;
    private boolean littleEndian;

    private ExifOrientation(byte[] bytes, long from, long to) {
        this.bytes = bytes;
        this.from = from;
        this.to = Math.min(to, bytes.length);
    }

    /// @param from where the TIFF header begins, or `Exif` and two zeros before it
    /// @param to   where the Exif data end
    static Orientation read(byte[] bytes, long from, long to) {
        boolean prefixed = new ByteView(null, bytes).startsWith((int) from, "Exif\0\0");
        return new ExifOrientation(bytes, prefixed ? from + 6 : from, to).read();
    }

    private Orientation read() {
        int byteOrder = u16(0);
        littleEndian = byteOrder == 0x4949;
        if ((!littleEndian && byteOrder != 0x4d4d) || u16(2) != 42) {
            return Orientation.AS_STORED;
        }
        long directory = u32(4);
        int numEntries = Math.min(u16(directory), MAX_ENTRIES);
        for (int i = 0; i < numEntries; i++) {
            long entry = directory + 2 + (long) i * ENTRY_BYTES;
            if (from + entry + ENTRY_BYTES > to) {
                break;
            }
            if (u16(entry) == TAG) {
                boolean isOneShort = u16(entry + 2) == TYPE_SHORT && u32(entry + 4) == 1;
                return isOneShort ? Orientation.of(u16(entry + 8)) : Orientation.AS_STORED;
            }
        }
        return Orientation.AS_STORED;
    }

    /// Zero outside the data, which is no tag, type or orientation.
    private int u8(long offset) {
        long at = from + offset;
        return at >= from && at < to ? bytes[(int) at] & 0xff : 0;
    }

    private int u16(long offset) {
        int first = u8(offset);
        int second = u8(offset + 1);
        return littleEndian ? second << 8 | first : first << 8 | second;
    }

    private long u32(long offset) {
        long first = u16(offset);
        long second = u16(offset + 2);
        return littleEndian ? second << 16 | first : first << 16 | second;
    }
}
