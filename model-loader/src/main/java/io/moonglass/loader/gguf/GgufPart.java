package io.moonglass.loader.gguf;

import io.moonglass.loader.fault.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What one file holds: a whole model, or a part of a split one.
///
/// Source: `docs/gguf.md` of ggml, versions 2 and 3, which differ in nothing that is read here.
record GgufPart(Path file, GgufMetadata metadata, List<GgufTensor> tensors) {

    static final int MAGIC = 0x46554747; // "GGUF"
    static final int DEFAULT_ALIGNMENT = 32;
    static final String ALIGNMENT = "general.alignment";

    private static final int MAX_KEYS = 1 << 16;
    private static final int MAX_TENSORS = 1 << 16;
    private static final int MAX_KEY_BYTES = 1 << 16;
    static final int MAX_NAME_BYTES = 64;
    static final int MAX_DIMENSIONS = 4;
    private static final int LEAST_KEY_BYTES = Long.BYTES + Integer.BYTES + 1;
    private static final int LEAST_TENSOR_BYTES =
            Long.BYTES + Integer.BYTES + Long.BYTES + Integer.BYTES + Long.BYTES;

    /// An entry of the list of tensors, checked for itself but not yet against the file.
    private record Extent(String name, GgmlType type, long[] shape, long offset, long bytes) {}

    /// @throws ModelFormatException if anything in it is not as it should be
    static GgufPart parse(Path path, MemorySegment bytes) {
        String file = path.getFileName().toString();
        GgufCursor cursor = new GgufCursor(file, bytes);
        checkVersion(file, cursor);
        // Both counts come before the first key.
        int numTensors = cursor.count("tensors", MAX_TENSORS, LEAST_TENSOR_BYTES);
        int numKeys = cursor.count("keys", MAX_KEYS, LEAST_KEY_BYTES);
        GgufMetadata metadata = new GgufMetadata(file, keys(file, cursor, numKeys));
        long alignment = alignment(metadata);
        List<Extent> extents = new ArrayList<>();
        for (int i = 0; i < numTensors; i++) {
            extents.add(extent(file, cursor));
        }
        long dataOffset = (cursor.position() + alignment - 1) / alignment * alignment;
        checkExtents(file, extents, alignment, Math.max(0, bytes.byteSize() - dataOffset));
        List<GgufTensor> tensors = new ArrayList<>();
        for (Extent extent : extents) {
            tensors.add(
                    new GgufTensor(
                            extent.name,
                            extent.type,
                            extent.shape,
                            path,
                            bytes.asSlice(dataOffset + extent.offset, extent.bytes)));
        }
        return new GgufPart(path, metadata, List.copyOf(tensors));
    }

    private static void checkVersion(String file, GgufCursor cursor) {
        if (cursor.uint32("the mark GGUF") != MAGIC) {
            throw new ModelFormatException(
                    "%s: does not begin with \"GGUF\"; want a GGUF file, or a folder in Hugging Face layout"
                            .formatted(file));
        }
        int version = (int) cursor.uint32("the version");
        if (version != 2 && version != 3) {
            boolean bigEndian = Integer.reverseBytes(version) == 3;
            throw new ModelFormatException(
                    bigEndian
                            ? "%s: is a big-endian file; want a little-endian one".formatted(file)
                            : "%s: GGUF version %s; want 2 or 3: convert the model again"
                                    .formatted(file, Integer.toUnsignedString(version)));
        }
    }

    private static Map<String, GgufValue> keys(String file, GgufCursor cursor, int numKeys) {
        Map<String, GgufValue> values = new LinkedHashMap<>();
        for (int i = 0; i < numKeys; i++) {
            String key = cursor.string("the name of key " + i, MAX_KEY_BYTES);
            if (values.put(key, cursor.value("key " + shown(key))) != null) {
                throw new ModelFormatException(
                        "%s: key %s is there twice; the file is damaged, download it again"
                                .formatted(file, shown(key)));
            }
        }
        return values;
    }

    private static long alignment(GgufMetadata metadata) {
        if (!metadata.has(ALIGNMENT)) {
            return DEFAULT_ALIGNMENT;
        }
        long alignment = metadata.integer(ALIGNMENT);
        if (Long.bitCount(alignment) != 1 || alignment < 0 || alignment > 1 << 30) {
            throw metadata.wrong(ALIGNMENT, "a power of two, such as 32");
        }
        return alignment;
    }

    private static Extent extent(String file, GgufCursor cursor) {
        String name = cursor.string("a tensor's name", MAX_NAME_BYTES);
        String what = "tensor " + shown(name);
        long numDimensions = cursor.uint32("the number of dimensions of " + what);
        if (numDimensions < 1 || numDimensions > MAX_DIMENSIONS) {
            throw new ModelFormatException(
                    "%s: %s has %d dimensions; want 1 to %d; the file is damaged, download it again"
                            .formatted(file, what, numDimensions, MAX_DIMENSIONS));
        }
        long[] shape = new long[(int) numDimensions];
        for (int i = shape.length - 1; i >= 0; i--) {
            shape[i] = cursor.int64("a size of " + what);
        }
        long id = cursor.uint32("the type of " + what);
        GgmlType type =
                GgmlType.of(id)
                        .orElseThrow(() ->
                                new ModelFormatException(
                                        "%s: %s is %s; want one of %s: take a file in one of these"
                                                .formatted(
                                                        file,
                                                        what,
                                                        GgmlType.nameOf(id),
                                                        Arrays.toString(GgmlType.values()))));
        long bytes = bytes(file, what, shape, type);
        return new Extent(name, type, shape, cursor.int64("the offset of " + what), bytes);
    }

    private static long bytes(String file, String what, long[] shape, GgmlType type) {
        long size = 1;
        try {
            for (long dimension : shape) {
                size = dimension < 1 ? -1 : Math.multiplyExact(size, dimension);
                if (size < 0) {
                    break;
                }
            }
            if (size > 0 && shape[shape.length - 1] % type.blockLength() == 0) {
                return type.bytes(size);
            }
        } catch (ArithmeticException e) {
            size = -1;
        }
        throw new ModelFormatException(
                size < 0
                        ? "%s: %s has the shape %s; want sizes from 1 up whose product fits the file"
                                .formatted(file, what, Arrays.toString(shape))
                        : "%s: %s has rows of %d values in %s; want a multiple of %d"
                                .formatted(
                                        file,
                                        what,
                                        shape[shape.length - 1],
                                        type,
                                        type.blockLength()));
    }

    private static void checkExtents(String file, List<Extent> extents, long alignment, long room) {
        for (Extent extent : extents) {
            if (extent.offset < 0 || extent.offset > room - extent.bytes) {
                throw new ModelFormatException(
                        "%s: tensor %s takes %,d bytes from offset %s, the file has room for %,d; it is cut short or damaged, download it again"
                                .formatted(
                                        file,
                                        shown(extent.name),
                                        extent.bytes,
                                        Long.toUnsignedString(extent.offset),
                                        room));
            }
            if (extent.offset % alignment != 0) {
                throw new ModelFormatException(
                        "%s: tensor %s begins at offset %d; want a multiple of the alignment %d; the file is damaged, download it again"
                                .formatted(file, shown(extent.name), extent.offset, alignment));
            }
        }
        List<Extent> byOffset = new ArrayList<>(extents);
        byOffset.sort(Comparator.comparingLong(Extent::offset));
        for (int i = 1; i < byOffset.size(); i++) {
            Extent before = byOffset.get(i - 1);
            Extent after = byOffset.get(i);
            if (after.offset - before.offset < before.bytes) {
                throw new ModelFormatException(
                        "%s: tensors %s and %s overlap at offset %d; the file is damaged, download it again"
                                .formatted(
                                        file, shown(before.name), shown(after.name), after.offset));
            }
        }
    }

    /// A name for a message, which no file can make long or give control characters.
    static String shown(String name) {
        String safe = name.replaceAll("[^\\x20-\\x7e]", "?");
        return safe.length() <= 80 ? safe : safe.substring(0, 80) + "...";
    }
}
