package io.moonglass.server.http;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/// Counts the fields of a head before they are unpacked: a byte may stand for a field of four kilobytes that came
/// before, and Helidon 4.5.0 took seconds for a head of ten thousand such. Used by one thread.
///
/// Source: RFC 7541, "HPACK", sections 5 and 6; RFC 9113, section 6.2.
final class Http2Head {

    /// More than any client sends.
    private static final int MAX_FIELDS = 200;

    private static final int FRAME_HEADER_BYTES = 9;
    private static final int PADDED = 0x08;
    private static final int PRIORITY = 0x20;
    private static final int PRIORITY_BYTES = 5;

    /// What stands there is more than any head has bytes.
    private static final int MAX_SHIFT = 28;

    private final ByteArrayOutputStream block = new ByteArrayOutputStream();

    /// Takes the next frame of a head.
    ///
    /// @return whether there are too many fields in it; not known before its last frame
    boolean takesTooMany(Http2Frame frame) {
        ByteBuffer payload =
                ByteBuffer.wrap(frame.bytes())
                        .position(Math.min(FRAME_HEADER_BYTES, frame.bytes().length))
                        .slice();
        if (frame.type() == Http2Frame.HEADERS) {
            block.reset();
            payload = withoutPadding(payload, frame.flags());
        }
        byte[] fragment = new byte[payload.remaining()];
        payload.get(fragment);
        block.writeBytes(fragment);
        return !frame.leavesHeadersOpen()
                && numFields(ByteBuffer.wrap(block.toByteArray())) > MAX_FIELDS;
    }

    private static ByteBuffer withoutPadding(ByteBuffer payload, int flags) {
        int padding = (flags & PADDED) != 0 && payload.hasRemaining() ? payload.get() & 0xff : 0;
        int skipped = (flags & PRIORITY) != 0 ? PRIORITY_BYTES : 0;
        if (payload.remaining() >= skipped + padding) {
            payload.position(payload.position() + skipped).limit(payload.limit() - padding);
        }
        return payload;
    }

    /// Where the block is no HPACK, what stands before that; Helidon refuses it.
    private static int numFields(ByteBuffer block) {
        int numFields = 0;
        try {
            while (block.hasRemaining()) {
                int first = block.get() & 0xff;
                if ((first & 0x80) != 0) {
                    integer(block, first, 0x7f);
                } else if ((first & 0xe0) == 0x20) {
                    integer(block, first, 0x1f);
                    continue; // the table's size is no field
                } else {
                    int named = integer(block, first, (first & 0x40) != 0 ? 0x3f : 0x0f);
                    if (named == 0) {
                        skipString(block);
                    }
                    skipString(block);
                }
                numFields++;
            }
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            return numFields;
        }
        return numFields;
    }

    private static void skipString(ByteBuffer block) {
        int length = integer(block, block.get() & 0xff, 0x7f);
        block.position(block.position() + length);
    }

    private static int integer(ByteBuffer block, int first, int mask) {
        if ((first & mask) < mask) {
            return first & mask;
        }
        long value = mask;
        int shift = 0;
        int next;
        do { // as many bytes as Helidon takes, or what follows would be counted from another place
            next = block.get() & 0xff;
            value += (long) (next & 0x7f) << Math.min(shift, MAX_SHIFT);
            shift += 7;
        } while ((next & 0x80) != 0);
        return (int) Math.min(value, Integer.MAX_VALUE);
    }
}
