package io.moonglass.loader.safetensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Safetensors files, whole and damaged, as tests write them.
final class SafetensorsBytes {

    private SafetensorsBytes() {}

    /// A file with this header, true to its length, and so many zero bytes of data.
    static byte[] of(String header, int dataBytes) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return withHeaderLength(json.length, header, dataBytes);
    }

    static byte[] withHeaderLength(long length, String header, int dataBytes) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Long.BYTES + json.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(json)
                .array();
    }

    static String entry(String name, String dtype, String shape, long begin, long end) {
        return "\"%s\": {\"dtype\": \"%s\", \"shape\": %s, \"data_offsets\": [%d, %d]}"
                .formatted(name, dtype, shape, begin, end);
    }
}
