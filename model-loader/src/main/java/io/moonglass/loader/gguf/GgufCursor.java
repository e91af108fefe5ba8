package io.moonglass.loader.gguf;

import static io.moonglass.loader.gguf.SmallBlocks.INT;
import static io.moonglass.loader.gguf.SmallBlocks.LONG;

import io.moonglass.loader.fault.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// Reads a header from its beginning to its end. Whatever it says is held against the bytes that are left before
/// anything is read or allocated.
final class GgufCursor {

    /// Larger than any model's vocabulary with its merges by far.
    static final long MAX_HEADER_BYTES = 128L << 20;

    static final long MAX_ELEMENTS = 1 << 21;

    private static final int MAX_DEPTH = 4;

    private final String file;
    private final MemorySegment bytes;
    private final long end;
    private long at;

    GgufCursor(String file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
        this.end = Math.min(bytes.byteSize(), MAX_HEADER_BYTES);
    }

    /// Of the next byte.
    long position() {
        return at;
    }

    long uint32(String what) {
        return Integer.toUnsignedLong(take(Integer.BYTES, what).get(INT, 0));
    }

    long int64(String what) {
        return take(Long.BYTES, what).get(LONG, 0);
    }

    /// A number of things of which each takes some bytes of the header.
    int count(String what, long most, int leastBytes) {
        long count = int64("the number of " + what);
        if (count < 0 || count > most) {
            throw new ModelFormatException(
                    "%s: has %s %s; want at most %,d; the file is damaged, download it again"
                            .formatted(file, Long.toUnsignedString(count), what, most));
        }
        checkLeft(count * leastBytes, "%,d %s".formatted(count, what));
        return (int) count;
    }

    String string(String what, int maxBytes) {
        long length = int64("the length of " + what);
        if (length < 0 || length > maxBytes) {
            throw new ModelFormatException(
                    "%s: %s has %s bytes; want at most %,d; the file is damaged, download it again"
                            .formatted(file, what, Long.toUnsignedString(length), maxBytes));
        }
        return utf8(file, what, take(length, what));
    }

    static String utf8(String file, String what, MemorySegment bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes.toArray(ValueLayout.JAVA_BYTE)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ModelFormatException(
                    "%s: %s is no valid UTF-8; the file is damaged, download it again"
                            .formatted(file, what),
                    e);
        }
    }

    /// A type, then a value of it.
    GgufValue value(String what) {
        ValueType type = valueType(what);
        long begin = at;
        skip(type, what, 0);
        return new GgufValue(type, bytes.asSlice(begin, at - begin));
    }

    private ValueType valueType(String what) {
        long id = uint32("the type of " + what);
        if (id >= ValueType.values().length) {
            throw new ModelFormatException(
                    "%s: %s is of type %d; want 0 to %d; the file is damaged, or newer than GGUF version 3"
                            .formatted(file, what, id, ValueType.values().length - 1));
        }
        return ValueType.values()[(int) id];
    }

    private void skip(ValueType type, String what, int depth) {
        switch (type) {
            case STRING -> {
                long length = int64("the length of " + what);
                take(length, what);
            }
            case ARRAY -> skipArray(what, depth + 1);
            case U8, I8, U16, I16, U32, I32, F32, BOOL, U64, I64, F64 -> take(type.bytes(), what);
        }
    }

    /// Every element that is looked at has bytes of its own, so the time is bounded by the header's size.
    private void skipArray(String what, int depth) {
        if (depth > MAX_DEPTH) {
            throw new ModelFormatException(
                    "%s: %s nests arrays deeper than %d; the file is damaged, download it again"
                            .formatted(file, what, MAX_DEPTH));
        }
        ValueType type = valueType("an element of " + what);
        int count = count("elements of " + what, MAX_ELEMENTS, type.leastBytes());
        if (type.bytes() > 0) {
            take((long) count * type.bytes(), what);
        } else {
            for (int i = 0; i < count; i++) {
                skip(type, what, depth);
            }
        }
    }

    private MemorySegment take(long length, String what) {
        checkLeft(length, what);
        at += length;
        return bytes.asSlice(at - length, length);
    }

    private void checkLeft(long length, String what) {
        if (length < 0 || length > end - at) {
            throw new ModelFormatException(
                    "%s: no room for %s at byte %,d: want %s bytes, %,d are left of %s"
                            .formatted(
                                    file,
                                    what,
                                    at,
                                    Long.toUnsignedString(length),
                                    end - at,
                                    end < bytes.byteSize()
                                            ? "the %,d that a header may have".formatted(end)
                                            : "the file; it is cut short or damaged, download it again"));
        }
    }
}
