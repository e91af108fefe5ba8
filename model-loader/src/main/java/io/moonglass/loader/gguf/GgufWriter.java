package io.moonglass.loader.gguf;

import io.moonglass.loader.disk.FileSpace;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Writes a GGUF file of version 3. Its header comes first, since all sizes are known, and then any part of any tensor
/// in any order, by several threads if need be. It grows beside its place and gets there when it is whole.
///
/// ```java
/// GgufWriter.Builder file = GgufWriter.builder()
///         .string("general.architecture", "deepseek2")
///         .tensor("output_norm.weight", GgmlType.F32, 2048);
/// try (GgufWriter writer = file.create(path)) {
///     GgufEncoder.of(GgmlType.F32).encode(values, 0, 2048, writer.tensor("output_norm.weight"), 0);
///     writer.commit();
/// }
/// ```
public final class GgufWriter implements AutoCloseable {

    private final Path target;
    private final Path growing;
    private final Arena arena;
    private final MemorySegment mapped;
    private final Map<String, MemorySegment> tensors;

    private GgufWriter(
            Path target,
            Path growing,
            Arena arena,
            MemorySegment mapped,
            Map<String, MemorySegment> tensors) {
        this.target = target;
        this.growing = growing;
        this.arena = arena;
        this.mapped = mapped;
        this.tensors = tensors;
    }

    public static Builder builder() {
        return new Builder();
    }

    /// Where a tensor's bytes go; zeros until they are written.
    ///
    /// @throws IllegalArgumentException if there is no such tensor
    public MemorySegment tensor(String name) {
        MemorySegment tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("no tensor " + name + " was announced");
        }
        return tensor;
    }

    /// Waits until all of it is on the disk, and puts it in its place, whose file it replaces.
    public void commit() throws IOException {
        mapped.force();
        Files.move(growing, target, StandardCopyOption.ATOMIC_MOVE);
    }

    /// Deletes what was not committed.
    @Override
    public void close() throws IOException {
        if (arena.scope().isAlive()) {
            arena.close();
            Files.deleteIfExists(growing);
        }
    }

    /// Keys, then tensors, in the order in which a file lists them.
    public static final class Builder {

        private record Info(GgmlType type, long[] shape) {
            long bytes() {
                long size = 1;
                for (long dimension : shape) {
                    size = Math.multiplyExact(size, dimension);
                }
                return type.bytes(size);
            }
        }

        private final Map<String, byte[]> values = new LinkedHashMap<>();
        private final Map<String, Info> infos = new LinkedHashMap<>();

        private Builder() {}

        public Builder string(String key, String value) {
            return put(key, ValueType.STRING, text(value));
        }

        public Builder uint32(String key, long value) {
            if (value < 0 || value > 0xffff_ffffL) {
                throw new IllegalArgumentException(
                        "%s = %d; want an unsigned integer of 32 bits".formatted(key, value));
            }
            return put(key, ValueType.U32, buffer(4).putInt((int) value).array());
        }

        public Builder int32(String key, int value) {
            return put(key, ValueType.I32, buffer(4).putInt(value).array());
        }

        public Builder uint16(String key, int value) {
            if (value < 0 || value > 0xffff) {
                throw new IllegalArgumentException(
                        "%s = %d; want an unsigned integer of 16 bits".formatted(key, value));
            }
            return put(key, ValueType.U16, buffer(2).putShort((short) value).array());
        }

        public Builder uint64(String key, long value) {
            if (value < 0) {
                throw new IllegalArgumentException(
                        "%s = %d; want none below 0".formatted(key, value));
            }
            return put(key, ValueType.U64, buffer(8).putLong(value).array());
        }

        public Builder float32(String key, float value) {
            return put(key, ValueType.F32, buffer(4).putFloat(value).array());
        }

        public Builder bool(String key, boolean value) {
            return put(key, ValueType.BOOL, new byte[] {(byte) (value ? 1 : 0)});
        }

        public Builder strings(String key, List<String> values) {
            ByteArrayOutputStream elements = new ByteArrayOutputStream();
            values.forEach(value -> elements.writeBytes(text(value)));
            return array(key, ValueType.STRING, values.size(), elements.toByteArray());
        }

        public Builder int32s(String key, int... values) {
            ByteBuffer elements = buffer(4 * values.length);
            Arrays.stream(values).forEach(elements::putInt);
            return array(key, ValueType.I32, values.length, elements.array());
        }

        public Builder float32s(String key, float... values) {
            ByteBuffer elements = buffer(4 * values.length);
            for (float value : values) {
                elements.putFloat(value);
            }
            return array(key, ValueType.F32, values.length, elements.array());
        }

        /// Announces a tensor.
        ///
        /// @param shape outermost dimension first; the innermost a multiple of the type's block
        public Builder tensor(String name, GgmlType type, long... shape) {
            if (shape.length < 1
                    || shape.length > GgufPart.MAX_DIMENSIONS
                    || Arrays.stream(shape).anyMatch(dimension -> dimension < 1)
                    || shape[shape.length - 1] % type.blockLength() != 0) {
                throw new IllegalArgumentException(
                        "tensor %s of shape %s in %s; want 1 to 4 sizes, the last a multiple of %d"
                                .formatted(name, Arrays.toString(shape), type, type.blockLength()));
            }
            if (name.getBytes(StandardCharsets.UTF_8).length > GgufPart.MAX_NAME_BYTES - 1) {
                throw new IllegalArgumentException(
                        "tensor name %s; ggml reads no more than 63 bytes".formatted(name));
            }
            if (infos.put(name, new Info(type, shape.clone())) != null) {
                throw new IllegalArgumentException("tensor %s twice".formatted(name));
            }
            return this;
        }

        /// Begins the file, with room on the disk for all of it.
        ///
        /// @throws IOException if it cannot be made, or the disk has no room
        public GgufWriter create(Path target) throws IOException {
            byte[] header = header();
            long size = header.length;
            for (Info info : infos.values()) {
                size += aligned(info.bytes());
            }
            Path growing =
                    target.resolveSibling(
                            ".%s.%s.part".formatted(target.getFileName(), UUID.randomUUID()));
            Arena arena = Arena.ofShared();
            try (FileChannel channel =
                    FileChannel.open(
                            growing,
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE)) {
                FileSpace.take(growing, size);
                MemorySegment mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, size, arena);
                MemorySegment.copy(header, 0, mapped, ValueLayout.JAVA_BYTE, 0, header.length);
                Map<String, MemorySegment> tensors = new LinkedHashMap<>();
                long at = header.length;
                for (Map.Entry<String, Info> entry : infos.entrySet()) {
                    long bytes = entry.getValue().bytes();
                    tensors.put(entry.getKey(), mapped.asSlice(at, bytes));
                    at += aligned(bytes);
                }
                return new GgufWriter(target, growing, arena, mapped, tensors);
            } catch (IOException | RuntimeException | Error e) {
                arena.close();
                Files.deleteIfExists(growing);
                throw e;
            }
        }

        private byte[] header() {
            ByteArrayOutputStream header = new ByteArrayOutputStream();
            header.writeBytes(buffer(4).putInt(GgufPart.MAGIC).array());
            header.writeBytes(buffer(4).putInt(3).array());
            header.writeBytes(buffer(8).putLong(infos.size()).array());
            header.writeBytes(buffer(8).putLong(values.size()).array());
            values.forEach((key, value) -> {
                header.writeBytes(text(key));
                header.writeBytes(value);
            });
            long offset = 0;
            for (Map.Entry<String, Info> entry : infos.entrySet()) {
                long[] shape = entry.getValue().shape();
                header.writeBytes(text(entry.getKey()));
                header.writeBytes(buffer(4).putInt(shape.length).array());
                for (int i = shape.length - 1; i >= 0; i--) {
                    header.writeBytes(buffer(8).putLong(shape[i]).array());
                }
                header.writeBytes(buffer(4).putInt(entry.getValue().type().id()).array());
                header.writeBytes(buffer(8).putLong(offset).array());
                offset += aligned(entry.getValue().bytes());
            }
            return Arrays.copyOf(header.toByteArray(), (int) aligned(header.size()));
        }

        private Builder array(String key, ValueType type, int count, byte[] elements) {
            ByteBuffer array = buffer(12 + elements.length);
            array.putInt(type.ordinal()).putLong(count).put(elements);
            return put(key, ValueType.ARRAY, array.array());
        }

        private Builder put(String key, ValueType type, byte[] value) {
            ByteBuffer typed = buffer(4 + value.length).putInt(type.ordinal()).put(value);
            if (values.put(key, typed.array()) != null) {
                throw new IllegalArgumentException("key %s twice".formatted(key));
            }
            return this;
        }

        private static byte[] text(String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            return buffer(8 + utf8.length).putLong(utf8.length).put(utf8).array();
        }

        private static ByteBuffer buffer(int size) {
            return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        }

        private static long aligned(long bytes) {
            int alignment = GgufPart.DEFAULT_ALIGNMENT;
            return Math.addExact(bytes, alignment - 1) / alignment * alignment;
        }
    }
}
