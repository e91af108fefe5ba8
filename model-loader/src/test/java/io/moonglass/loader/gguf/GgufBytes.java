package io.moonglass.loader.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// GGUF files, true and lying, byte by byte as tests want them.
final class GgufBytes {

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    /// A file of version 3 that says it has so many tensors and keys.
    static GgufBytes header(long numTensors, long numKeys) {
        return header(3, numTensors, numKeys);
    }

    static GgufBytes header(int version, long numTensors, long numKeys) {
        GgufBytes file = new GgufBytes();
        file.bytes.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        return file.u32(version).u64(numTensors).u64(numKeys);
    }

    GgufBytes u32(long value) {
        bytes.writeBytes(little(4).putInt((int) value).array());
        return this;
    }

    GgufBytes u64(long value) {
        bytes.writeBytes(little(8).putLong(value).array());
        return this;
    }

    GgufBytes raw(int... values) {
        for (int value : values) {
            bytes.write(value);
        }
        return this;
    }

    GgufBytes text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        u64(utf8.length).bytes.writeBytes(utf8);
        return this;
    }

    /// A key and the type of its value, which has to follow.
    GgufBytes key(String name, ValueType type) {
        return text(name).u32(type.ordinal());
    }

    GgufBytes key(String name, String value) {
        return key(name, ValueType.STRING).text(value);
    }

    GgufBytes key(String name, long value) {
        return key(name, ValueType.U32).u32(value);
    }

    /// An entry of the list of tensors.
    ///
    /// @param sizes innermost first, as files have them
    GgufBytes tensor(String name, long type, long offset, long... sizes) {
        text(name).u32(sizes.length);
        for (long size : sizes) {
            u64(size);
        }
        return u32(type).u64(offset);
    }

    /// Zeros up to the next multiple of 32, then so many more.
    GgufBytes data(int size) {
        return data(GgufPart.DEFAULT_ALIGNMENT, size);
    }

    GgufBytes data(int alignment, int size) {
        int padding = -bytes.size() & alignment - 1;
        bytes.writeBytes(new byte[padding + size]);
        return this;
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    private static ByteBuffer little(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
