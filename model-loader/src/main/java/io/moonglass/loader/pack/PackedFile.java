package io.moonglass.loader.pack;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moonglass.loader.disk.FileSpace;
import io.moonglass.loader.safetensors.ElementKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// A safetensors file that is written in place: its header comes first, since all sizes are known, and
/// then any part of any tensor in any order. Every tensor begins at a multiple of 64 bytes if the sizes
/// of those before it are such multiples.
final class PackedFile implements AutoCloseable {

    private static final int ALIGNMENT = 64;

    private final FileChannel channel;
    private final Map<String, Long> offsets = new HashMap<>();

    /// One tensor of the header.
    record Entry(ElementKind kind, long[] shape) {
        long bytes() {
            return Arrays.stream(shape).reduce(kind.bytes(), (a, b) -> a * b);
        }
    }

    PackedFile(Path file, Map<String, Entry> entries) throws IOException {
        byte[] header = header(entries);
        long at = Long.BYTES + header.length;
        for (Map.Entry<String, Entry> entry : entries.entrySet()) {
            offsets.put(entry.getKey(), at);
            at += entry.getValue().bytes();
        }
        channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        try {
            FileSpace.take(file, at);
            ByteBuffer start = ByteBuffer.allocate(Long.BYTES + header.length);
            start.order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).put(header).flip();
            write(start, 0);
        } catch (IOException | RuntimeException | Error e) {
            channel.close();
            throw e;
        }
    }

    /// Writes a part of a tensor; any thread. Not through a map: each page of one is cleared before it is filled.
    ///
    /// @param offset in bytes, of the tensor's first
    /// @throws UncheckedIOException if it cannot be written
    void write(String name, long offset, MemorySegment part) {
        try {
            write(part.asByteBuffer(), offsets.get(name) + offset);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(ByteBuffer bytes, long at) throws IOException {
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    /// Waits until all of it is on the disk.
    void force() throws IOException {
        channel.force(true);
    }

    @Override
    public void close() throws IOException {
        channel.close();
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
