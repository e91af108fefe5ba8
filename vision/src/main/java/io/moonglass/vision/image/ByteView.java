package io.moonglass.vision.image;

import io.moonglass.loader.fault.InvalidRequestException;

/// Reads numbers out of an encoded picture. Offsets may be anything: what lies outside is the
/// picture's fault and ends in an [InvalidRequestException].
record ByteView(ImageFormat format, byte[] bytes) {

    int length() {
        return bytes.length;
    }

    /// Refuses the picture if `[offset, offset + count)` is not all there.
    void need(long offset, long count) {
        if (offset < 0 || count < 0 || offset > bytes.length || count > bytes.length - offset) {
            throw truncated();
        }
    }

    int u8(long offset) {
        need(offset, 1);
        return bytes[(int) offset] & 0xff;
    }

    int u16le(long offset) {
        return u8(offset) | u8(offset + 1) << 8;
    }

    int u16be(long offset) {
        return u8(offset) << 8 | u8(offset + 1);
    }

    int u24le(long offset) {
        return u16le(offset) | u8(offset + 2) << 16;
    }

    long u32le(long offset) {
        return u16le(offset) | (long) u16le(offset + 2) << 16;
    }

    long u32be(long offset) {
        return (long) u16be(offset) << 16 | u16be(offset + 2);
    }

    /// Whether these Latin-1 characters stand there.
    boolean startsWith(int offset, String latin1) {
        if (bytes.length - offset < latin1.length()) {
            return false;
        }
        for (int i = 0; i < latin1.length(); i++) {
            if ((bytes[offset + i] & 0xff) != latin1.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    InvalidRequestException truncated() {
        return invalid("is cut short");
    }

    /// The fault that this picture's content is wrong.
    InvalidRequestException invalid(String what) {
        return new InvalidRequestException(
                InvalidRequestException.Kind.INVALID_IMAGE,
                null,
                "%s image %s; save or download it again".formatted(format, what));
    }
}
