package io.moonglass.loader.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.safetensors.SafetensorsFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GgmlTypeTest {

    @ParameterizedTest
    @EnumSource
    void blocks_have_the_recorded_values_bit_for_bit(GgmlType type) {
        try (Arena arena = Arena.ofConfined()) {
            SafetensorsFile file = recorded(type, arena);
            MemorySegment bytes = file.tensor(type + ".bytes").data();
            float[] expected = file.tensor(type + ".values").floats();
            float[] all = new float[expected.length];
            float[] single = new float[expected.length];

            int numBlocks = expected.length / type.blockLength();
            type.decode(bytes, 0, numBlocks, all, 0);
            for (int block = 0; block < numBlocks; block++) {
                type.decode(
                        bytes,
                        (long) block * type.blockBytes(),
                        single,
                        block * type.blockLength());
            }

            assertEquals(bytes.byteSize(), type.bytes(expected.length));
            assertArrayEquals(bits(expected), bits(all));
            assertArrayEquals(bits(expected), bits(single));
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_block_reads_its_own_bytes_and_writes_its_own_values(GgmlType type) {
        int numBytes = type.blockBytes();
        float[] target = new float[type.blockLength() + 2];
        Arrays.fill(target, Float.NaN);

        // A byte more to read would lie outside of the segment.
        type.decode(MemorySegment.ofArray(new byte[numBytes + 3]).asSlice(3), 0, target, 1);

        assertTrue(Float.isNaN(target[0]) && Float.isNaN(target[target.length - 1]));
        for (int i = 1; i < target.length - 1; i++) {
            assertTrue(target[i] == 0, type + " of zeros at " + i);
        }
    }

    @Test
    void every_type_is_found_by_its_number() {
        for (GgmlType type : GgmlType.values()) {
            assertEquals(type, GgmlType.of(type.id()).orElseThrow());
        }
        assertTrue(GgmlType.of(16).isEmpty());
        assertEquals("IQ2_XXS", GgmlType.nameOf(16));
        assertEquals("of the unknown type 4294967295", GgmlType.nameOf(0xffff_ffffL));
    }

    private static SafetensorsFile recorded(GgmlType type, Arena arena) {
        SafetensorsFile golden =
                SafetensorsFile.map(TestModels.golden().resolve("gguf_blocks.safetensors"), arena);
        return golden.tensors().containsKey(type + ".bytes")
                ? golden
                : SafetensorsFile.map(OtherPrograms.file("more_blocks.safetensors"), arena);
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }
}
