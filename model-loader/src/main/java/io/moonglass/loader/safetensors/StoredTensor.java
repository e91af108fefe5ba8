package io.moonglass.loader.safetensors;

import io.moonglass.loader.fault.ModelFormatException;
import io.moonglass.tensor.ElementType;
import io.moonglass.tensor.WeightMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/// One tensor as it lies in its file: row-major, little-endian, mapped and read-only.
///
/// @param file  the shard's name, for messages
/// @param offset of its first byte in the file
/// @param data  exactly the tensor's bytes; not necessarily aligned to the element
public record StoredTensor(
        String file, String name, ElementKind kind, long[] shape, long offset, MemorySegment data) {

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// Number of elements; the shape was checked to fit.
    public long size() {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    /// The weight as a matrix over the mapped bytes: nothing is copied or widened.
    ///
    /// @throws ModelFormatException if shape or element type are not a weight's
    public WeightMatrix matrix(int numRows, int numColumns) {
        checkShape(numRows, numColumns);
        return new WeightMatrix(data, weightType(), numRows, numColumns);
    }

    /// A small vector (a norm's weight, a bias) widened to float.
    ///
    /// @throws ModelFormatException if shape or element type are not a weight's
    public float[] vector(int length) {
        checkShape(length);
        return floats();
    }

    /// All elements as floats, whatever the shape; only for what is small.
    public float[] floats() {
        float[] values = new float[Math.toIntExact(size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = element(i);
        }
        return values;
    }

    /// Some elements of a weight as floats.
    ///
    /// @param from the first, counted over the whole tensor
    public void read(long from, int count, float[] target, int at) {
        switch (weightType()) {
            case F32 -> MemorySegment.copy(data, FLOAT, 4 * from, target, at, count);
            case BF16 -> {
                for (int i = 0; i < count; i++) {
                    int bits = data.get(SHORT, 2 * (from + i));
                    target[at + i] = Float.intBitsToFloat(bits << 16);
                }
            }
        }
    }

    /// One element of a weight, counted over the whole tensor.
    public float element(long index) {
        return switch (weightType()) {
            case F32 -> data.get(FLOAT, 4 * index);
            case BF16 -> Float.intBitsToFloat(data.get(SHORT, 2 * index) << 16);
        };
    }

    /// All elements of an integer tensor.
    public long[] integers() {
        long[] values = new long[Math.toIntExact(size())];
        for (int i = 0; i < values.length; i++) {
            values[i] =
                    switch (kind) {
                        case I64 -> data.get(LONG, 8L * i);
                        case I32 -> data.get(INT, 4L * i);
                        case I16 -> data.get(SHORT, 2L * i);
                        case I8 -> data.get(ValueLayout.JAVA_BYTE, i);
                        case U8 -> data.get(ValueLayout.JAVA_BYTE, i) & 0xff;
                        case F64, F32, F16, BF16, BOOL -> throw wrong("an integer type");
                    };
        }
        return values;
    }

    public void checkShape(long... wanted) {
        if (!Arrays.equals(shape, wanted)) {
            throw new ModelFormatException(
                    "%s: tensor %s is %s, config.json makes it %s; take both from one release"
                            .formatted(
                                    file, name, Arrays.toString(shape), Arrays.toString(wanted)));
        }
    }

    /// The element type of a weight.
    ///
    /// @throws ModelFormatException if the elements are of a type that weights are not stored in
    public ElementType weightType() {
        return switch (kind) {
            case F32 -> ElementType.F32;
            case BF16 -> ElementType.BF16;
            case F64, F16, I64, I32, I16, I8, U8, BOOL -> throw wrong("BF16 or F32");
        };
    }

    private ModelFormatException wrong(String wanted) {
        return new ModelFormatException(
                "%s: tensor %s is stored as %s; want %s".formatted(file, name, kind, wanted));
    }
}
