package io.moonglass.loader.safetensors;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moonglass.loader.fault.ModelFormatException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One safetensors container, memory-mapped. Everything its header says is checked against the
/// file's real size before a byte of data is touched.
///
/// Format: a little-endian `u64` N, N bytes of JSON, then the data area; every entry's
/// `data_offsets` are relative to the data area.
public final class SafetensorsFile {

    /// The reference implementation's own bound.
    private static final long MAX_HEADER_BYTES = 100_000_000;

    private static final ObjectMapper JSON =
            new ObjectMapper()
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final String name;
    private final Map<String, StoredTensor> tensors;

    private SafetensorsFile(String name, Map<String, StoredTensor> tensors) {
        this.name = name;
        this.tensors = Collections.unmodifiableMap(tensors);
    }

    /// Maps the file for as long as the arena lives.
    ///
    /// @throws ModelFormatException if the file is damaged or cannot be read
    public static SafetensorsFile map(Path file, Arena arena) {
        String name = file.getFileName().toString();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment mapped =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            // The same kind of segment as activations: kernels stay compiled for one kind.
            MemorySegment plain =
                    MemorySegment.ofAddress(mapped.address())
                            .reinterpret(mapped.byteSize(), arena, null)
                            .asReadOnly();
            return parse(name, plain);
        } catch (IOException e) {
            throw new ModelFormatException(
                    "%s: cannot be read: %s".formatted(name, e.getMessage()), e);
        }
    }

    static SafetensorsFile parse(String name, MemorySegment file) {
        if (file.byteSize() < Long.BYTES) {
            throw new ModelFormatException(
                    "%s: %d bytes; a safetensors file has at least 8; download it again"
                            .formatted(name, file.byteSize()));
        }
        long headerBytes =
                file.get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
        long room = file.byteSize() - Long.BYTES;
        if (headerBytes < 0 || headerBytes > room || headerBytes > MAX_HEADER_BYTES) {
            throw new ModelFormatException(
                    "%s: the header says it has %s bytes, the file has room for %,d; download it again"
                            .formatted(name, Long.toUnsignedString(headerBytes), room));
        }
        byte[] header = file.asSlice(Long.BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
        long dataOffset = Long.BYTES + headerBytes;
        MemorySegment dataArea = file.asSlice(dataOffset);
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        List<Extent> extents = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : parseHeader(name, header).properties()) {
            if (!entry.getKey().equals("__metadata__")) {
                Extent extent = Extent.of(name, entry.getKey(), entry.getValue());
                extents.add(extent);
                tensors.put(extent.tensor, extent.over(name, dataOffset, dataArea));
            }
        }
        refuseOverlaps(name, extents);
        return new SafetensorsFile(name, tensors);
    }

    public String name() {
        return name;
    }

    /// By tensor name, in the header's order.
    public Map<String, StoredTensor> tensors() {
        return tensors;
    }

    /// @throws ModelFormatException if there is no such tensor
    public StoredTensor tensor(String tensorName) {
        StoredTensor tensor = tensors.get(tensorName);
        if (tensor == null) {
            throw new ModelFormatException("%s: no tensor %s".formatted(name, tensorName));
        }
        return tensor;
    }

    private static JsonNode parseHeader(String name, byte[] header) {
        try {
            JsonNode root = JSON.readTree(header);
            if (root == null || !root.isObject()) {
                throw new ModelFormatException(
                        "%s: the header is no JSON object; download it again".formatted(name));
            }
            return root;
        } catch (JsonProcessingException e) {
            throw new ModelFormatException(
                    "%s: the header is no valid JSON: %s".formatted(name, e.getOriginalMessage()),
                    e);
        } catch (IOException e) {
            throw new ModelFormatException("%s: the header cannot be read".formatted(name), e);
        }
    }

    private static void refuseOverlaps(String name, List<Extent> extents) {
        List<Extent> byStart = new ArrayList<>(extents);
        byStart.removeIf(extent -> extent.begin == extent.end);
        byStart.sort(Comparator.comparingLong(extent -> extent.begin));
        for (int i = 1; i < byStart.size(); i++) {
            Extent before = byStart.get(i - 1);
            Extent after = byStart.get(i);
            if (after.begin < before.end) {
                throw new ModelFormatException(
                        "%s: tensors %s [%d, %d) and %s [%d, %d) overlap; download it again"
                                .formatted(
                                        name,
                                        before.tensor,
                                        before.begin,
                                        before.end,
                                        after.tensor,
                                        after.begin,
                                        after.end));
            }
        }
    }

    /// One header entry, checked for itself but not yet against the file.
    private record Extent(String tensor, ElementKind kind, long[] shape, long begin, long end) {

        static Extent of(String file, String tensor, JsonNode entry) {
            JsonNode offsets = entry.path("data_offsets");
            if (!offsets.isArray()
                    || offsets.size() != 2
                    || !isLong(offsets.get(0))
                    || !isLong(offsets.get(1))) {
                throw new ModelFormatException(
                        "%s: tensor %s has data_offsets %s; want two integers"
                                .formatted(file, tensor, offsets));
            }
            Extent extent =
                    new Extent(
                            tensor,
                            kind(file, tensor, entry.path("dtype").asText()),
                            shape(file, tensor, entry.path("shape")),
                            offsets.get(0).longValue(),
                            offsets.get(1).longValue());
            extent.checkLength(file);
            return extent;
        }

        StoredTensor over(String file, long dataOffset, MemorySegment dataArea) {
            if (begin < 0 || end < begin || end > dataArea.byteSize()) {
                throw new ModelFormatException(
                        "%s: tensor %s lies at [%d, %d), the data area has %d bytes; the file is cut short or damaged, download it again"
                                .formatted(file, tensor, begin, end, dataArea.byteSize()));
            }
            return new StoredTensor(
                    file,
                    tensor,
                    kind,
                    shape,
                    dataOffset + begin,
                    dataArea.asSlice(begin, end - begin));
        }

        private static ElementKind kind(String file, String tensor, String dtype) {
            for (ElementKind kind : ElementKind.values()) {
                if (kind.name().equals(dtype)) {
                    return kind;
                }
            }
            throw new ModelFormatException(
                    "%s: tensor %s has dtype \"%s\"; want one of %s"
                            .formatted(file, tensor, dtype, List.of(ElementKind.values())));
        }

        private static long[] shape(String file, String tensor, JsonNode shape) {
            long[] dimensions = new long[shape.size()];
            boolean valid = shape.isArray();
            for (int i = 0; valid && i < dimensions.length; i++) {
                valid = isLong(shape.get(i)) && shape.get(i).longValue() >= 0;
                dimensions[i] = shape.get(i).longValue();
            }
            if (!valid) {
                throw new ModelFormatException(
                        "%s: tensor %s has shape %s; want integers from 0 up"
                                .formatted(file, tensor, shape));
            }
            return dimensions;
        }

        private static boolean isLong(JsonNode number) {
            return number.isIntegralNumber() && number.canConvertToLong();
        }

        private void checkLength(String file) {
            long bytes = kind.bytes();
            try {
                for (long dimension : shape) {
                    bytes = Math.multiplyExact(bytes, dimension);
                }
            } catch (ArithmeticException e) {
                bytes = -1;
            }
            if (bytes < 0 || end - begin != bytes) {
                throw new ModelFormatException(
                        "%s: tensor %s of shape %s in %s does not fill its [%d, %d) exactly; download it again"
                                .formatted(file, tensor, Arrays.toString(shape), kind, begin, end));
            }
        }
    }
}
