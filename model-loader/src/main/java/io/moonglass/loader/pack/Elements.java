package io.moonglass.loader.pack;

import io.moonglass.loader.safetensors.ElementKind;
import io.moonglass.tensor.Bfloat16;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Floats as elements of a tensor.
final class Elements {

    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Elements() {}

    static float get(MemorySegment data, ElementKind kind, long index) {
        return switch (kind) {
            case F32 -> data.get(FLOAT, 4 * index);
            case BF16 -> Float.intBitsToFloat(data.get(SHORT, 2 * index) << 16);
            case F64, F16, I64, I32, I16, I8, U8, BOOL ->
                    throw new IllegalArgumentException("a weight in " + kind);
        };
    }

    /// A bfloat16 is rounded to the nearest, ties to even.
    static void set(MemorySegment data, ElementKind kind, long index, float value) {
        switch (kind) {
            case F32 -> data.set(FLOAT, 4 * index, value);
            case BF16 -> data.set(SHORT, 2 * index, (short) Bfloat16.bits(value));
            case F64, F16, I64, I32, I16, I8, U8, BOOL ->
                    throw new IllegalArgumentException("a weight in " + kind);
        }
    }
}
