package io.moonglass.loader.pack;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.disk.FileSpace;
import io.moonglass.loader.safetensors.ElementKind;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// A safetensors file that is written in place: its header comes first, since all sizes are known, and
/// then any part of any tensor in any order. Every tensor begins at a multiple of 64 bytes if the sizes
/// of those before it are such multiples.
final class PackedFile implements AutoCloseable {

    private static final int ALIGNMENT = 64;

    private final Arena arena = Arena.ofShared();
    private final Map<String, MemorySegment> tensors = new LinkedHashMap<>();
    private final MemorySegment mapped;

    /// One tensor of the header.
    record Entry(ElementKind kind, long[] shape) {
        long bytes() {
            return Arrays.stream(shape).reduce(kind.bytes(), (a, b) -> a * b);
        }
    }

    PackedFile(Path file, Map<String, Entry> entries) throws IOException {
        byte[] header = header(entries);
        long dataBytes = entries.values().stream().mapToLong(Entry::bytes).sum();
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            FileSpace.take(file, Long.BYTES + header.length + dataBytes);
            mapped =
                    channel.map(
                            FileChannel.MapMode.READ_WRITE,
                            0,
                            Long.BYTES + header.length + dataBytes,
                            arena);
        }
        mapped.set(
                ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
                0,
                header.length);
        MemorySegment.copy(header, 0, mapped, ValueLayout.JAVA_BYTE, Long.BYTES, header.length);
        long at = Long.BYTES + header.length;
        for (Map.Entry<String, Entry> entry : entries.entrySet()) {
            tensors.put(entry.getKey(), mapped.asSlice(at, entry.getValue().bytes()));
            at += entry.getValue().bytes();
        }
    }

    /// Where a tensor's bytes go.
    MemorySegment tensor(String name) {
        return tensors.get(name);
    }

    /// Waits until all of it is on the disk.
    void force() {
        mapped.force();
    }

    @Override
    public void close() {
        arena.close();
    }

    /// Padded with spaces, so that the data begins at a multiple of [#ALIGNMENT].
    private static byte[] header(Map<String, Entry> entries) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode root = json.createObjectNode();
        long at = 0;
        for (Map.Entry<String, Entry> entry : entries.entrySet()) {
            ObjectNode tensor = root.putObject(entry.getKey());
            tensor.put("dtype", entry.getValue().kind().name());
            Arrays.stream(entry.getValue().shape()).forEach(tensor.putArray("shape")::add);
            tensor.putArray("data_offsets").add(at).add(at += entry.getValue().bytes());
        }
        byte[] text = json.writeValueAsString(root).getBytes(StandardCharsets.UTF_8);
        int padded =
                (text.length + Long.BYTES + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - Long.BYTES;
        byte[] header = Arrays.copyOf(text, padded);
        Arrays.fill(header, text.length, padded, (byte) ' ');
        return header;
    }
}
