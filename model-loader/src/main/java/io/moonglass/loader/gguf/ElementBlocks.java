package io.moonglass.loader.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Decodes elements that are stored alone.
final class ElementBlocks {

    static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private ElementBlocks() {}

    static void f32(MemorySegment source, long offset, int numElements, float[] target, int at) {
        MemorySegment.copy(source, FLOAT, offset, target, at, numElements);
    }

    static void f16(MemorySegment source, long offset, int numElements, float[] target, int at) {
        for (int i = 0; i < numElements; i++) {
            target[at + i] = Float.float16ToFloat(source.get(SHORT, offset + 2L * i));
        }
    }

    static void bf16(MemorySegment source, long offset, int numElements, float[] target, int at) {
        for (int i = 0; i < numElements; i++) {
            target[at + i] = Float.intBitsToFloat(source.get(SHORT, offset + 2L * i) << 16);
        }
    }
}
