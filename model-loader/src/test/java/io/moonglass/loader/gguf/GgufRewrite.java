package io.moonglass.loader.gguf;

import io.moonglass.loader.fault.ModelFormatException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/// A GGUF file that becomes another one, with other keys and tensors.
public final class GgufRewrite {

    private record Tensor(GgmlType type, long[] shape, byte[] bytes) {}

    private final Map<String, BiConsumer<GgufWriter.Builder, String>> keys = new LinkedHashMap<>();
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();
    private List<String> tokens = List.of();

    public GgufRewrite(Path source) {
        try (GgufFile file = GgufFile.open(source)) {
            for (String key : file.metadata().keys()) {
                keys.put(key, copy(file.metadata(), key));
                if (key.equals("tokenizer.ggml.tokens")) {
                    tokens = file.metadata().strings(key);
                }
            }
            for (GgufTensor tensor : file.tensors()) {
                tensors.put(
                        tensor.name(),
                        new Tensor(
                                tensor.type(),
                                tensor.shape(),
                                tensor.data().toArray(ValueLayout.JAVA_BYTE)));
            }
        }
    }

    /// Tries one kind after the other.
    private static BiConsumer<GgufWriter.Builder, String> copy(GgufMetadata metadata, String key) {
        List<Attempt> attempts =
                List.of(
                        () -> string(metadata.string(key)),
                        () -> bool(metadata.bool(key)),
                        () -> integer(metadata.integer(key)),
                        () -> float32(metadata.real(key)),
                        () -> strings(metadata.strings(key)),
                        () -> int32s(metadata.integers(key)),
                        () -> float32s(metadata.reals(key)));
        for (Attempt attempt : attempts) {
            try {
                return attempt.value();
            } catch (ModelFormatException e) {
                // is of another kind
            }
        }
        throw new IllegalArgumentException(key);
    }

    private interface Attempt {
        BiConsumer<GgufWriter.Builder, String> value();
    }

    private static BiConsumer<GgufWriter.Builder, String> string(String value) {
        return (builder, key) -> builder.string(key, value);
    }

    private static BiConsumer<GgufWriter.Builder, String> bool(boolean value) {
        return (builder, key) -> builder.bool(key, value);
    }

    private static BiConsumer<GgufWriter.Builder, String> uint32(long value) {
        return (builder, key) -> builder.uint32(key, value);
    }

    private static BiConsumer<GgufWriter.Builder, String> integer(long value) {
        return value < 0 ? (builder, key) -> builder.int32(key, (int) value) : uint32(value);
    }

    private static BiConsumer<GgufWriter.Builder, String> float32(double value) {
        return (builder, key) -> builder.float32(key, (float) value);
    }

    private static BiConsumer<GgufWriter.Builder, String> strings(List<String> values) {
        return (builder, key) -> builder.strings(key, values);
    }

    public List<String> tokens() {
        return tokens;
    }

    public GgufRewrite with(String key, List<String> values) {
        keys.put(key, strings(values));
        return this;
    }

    private static BiConsumer<GgufWriter.Builder, String> int32s(long[] values) {
        int[] ints = Arrays.stream(values).mapToInt(value -> (int) value).toArray();
        return (builder, key) -> builder.int32s(key, ints);
    }

    private static BiConsumer<GgufWriter.Builder, String> float32s(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return (builder, key) -> builder.float32s(key, floats);
    }

    public GgufRewrite with(String key, String value) {
        keys.put(key, string(value));
        return this;
    }

    public GgufRewrite with(String key, int[] values) {
        keys.put(key, (builder, name) -> builder.int32s(name, values));
        return this;
    }

    public GgufRewrite with(String key, long value) {
        keys.put(key, uint32(value));
        return this;
    }

    public GgufRewrite without(String... gone) {
        for (String name : gone) {
            if (keys.remove(name) == null && tensors.remove(name) == null) {
                throw new IllegalArgumentException("no " + name);
            }
        }
        return this;
    }

    /// Exchanges the tensors that two names stand for, or gives one another name.
    public GgufRewrite rename(String from, String to) {
        Tensor moved = tensors.remove(from);
        Tensor other = tensors.remove(to);
        tensors.put(to, moved);
        if (other != null) {
            tensors.put(from, other);
        }
        return this;
    }

    public GgufRewrite withFloats(String name, float[] values, long... shape) {
        byte[] bytes = new byte[Float.BYTES * values.length];
        MemorySegment.copy(
                values, 0, MemorySegment.ofArray(bytes), ElementBlocks.FLOAT, 0, values.length);
        tensors.put(name, new Tensor(GgmlType.F32, shape, bytes));
        return this;
    }

    /// @param bytes whole blocks
    public GgufRewrite withBlocks(String name, GgmlType type, byte[] bytes, long... shape) {
        tensors.put(name, new Tensor(type, shape, bytes));
        return this;
    }

    /// Of all tensors.
    public List<String> names() {
        return List.copyOf(tensors.keySet());
    }

    /// Makes one stack of two, as some converters do: each expert's gate before its up.
    ///
    /// @param block the beginning of their names, with a dot at its end
    public GgufRewrite fuseGates(String block) {
        String name = block + "ffn_gate_exps.weight";
        float[] gate = floats(name);
        float[] up = floats(block + "ffn_up_exps.weight");
        long[] shape = shape(name);
        int expert = (int) (shape[1] * shape[2]);
        float[] fused = new float[2 * gate.length];
        for (int i = 0; i < shape[0]; i++) {
            System.arraycopy(gate, i * expert, fused, 2 * i * expert, expert);
            System.arraycopy(up, i * expert, fused, (2 * i + 1) * expert, expert);
        }
        without(name, block + "ffn_up_exps.weight");
        return withFloats(
                block + "ffn_gate_up_exps.weight", fused, shape[0], 2 * shape[1], shape[2]);
    }

    public float[] floats(String name) {
        Tensor tensor = tensors.get(name);
        int size = 1;
        for (long dimension : tensor.shape) {
            size *= (int) dimension;
        }
        float[] floats = new float[size];
        tensor.type.decode(
                MemorySegment.ofArray(tensor.bytes),
                0,
                size / tensor.type.blockLength(),
                floats,
                0);
        return floats;
    }

    public long[] shape(String name) {
        return tensors.get(name).shape.clone();
    }

    public Path write(Path target) throws IOException {
        GgufWriter.Builder builder = GgufWriter.builder();
        keys.forEach((key, value) -> value.accept(builder, key));
        tensors.forEach((name, tensor) -> builder.tensor(name, tensor.type, tensor.shape));
        try (GgufWriter writer = builder.create(target)) {
            tensors.forEach((name, tensor) ->
                    MemorySegment.copy(
                            MemorySegment.ofArray(tensor.bytes),
                            0,
                            writer.tensor(name),
                            0,
                            tensor.bytes.length));
            writer.commit();
        }
        return target;
    }
}
