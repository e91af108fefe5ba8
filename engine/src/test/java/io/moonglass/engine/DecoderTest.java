package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moonglass.loader.TestModels;
import io.moonglass.loader.safetensors.SafetensorsFile;
import io.moonglass.tensor.FloatMatrix;
import java.lang.foreign.Arena;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecoderTest {

    @Test
    void a_recorded_prompt_gives_the_recorded_output() {
        try (Arena arena = Arena.ofShared();
                TinyDecoder decoder = new TinyDecoder(2, 8)) {
            SafetensorsFile golden =
                    SafetensorsFile.map(
                            TestModels.golden().resolve("prompt_text.safetensors"), arena);
            int[] tokenIds =
                    Arrays.stream(golden.tensor("input_ids").integers())
                            .mapToInt(Math::toIntExact)
                            .toArray();
            float[] expected = golden.tensor("final_norm").floats();

            FloatMatrix expanded = decoder.runInChunks(tokenIds, 512, Chunk.Form.EXPANDED, arena);
            assertClose(expected, expanded.toArray(), 1e-5);

            FloatMatrix absorbed = decoder.runInChunks(tokenIds, 1, Chunk.Form.ABSORBED, arena);
            assertClose(expected, absorbed.toArray(), 1e-5);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 32, 33, 64, 100, 511})
    void the_same_bits_for_any_split_of_the_prompt(int chunkSize) {
        try (Arena arena = Arena.ofShared();
                TinyDecoder decoder = new TinyDecoder(2, 16);
                TinyDecoder alone = new TinyDecoder(1, 16)) {
            int[] tokenIds = decoder.randomTokens(300, 5);
            FloatMatrix whole = alone.runInChunks(tokenIds, 512, Chunk.Form.EXPANDED, arena);
            FloatMatrix cut = decoder.runInChunks(tokenIds, chunkSize, Chunk.Form.EXPANDED, arena);
            assertArrayEquals(whole.toArray(), cut.toArray());
        }
    }

    @Test
    void both_forms_of_attention_agree_over_several_splits_of_the_cache() {
        try (Arena arena = Arena.ofShared();
                TinyDecoder decoder = new TinyDecoder(2, 100)) {
            int[] tokenIds = decoder.randomTokens(2_500, 6);
            FloatMatrix expanded = decoder.runInChunks(tokenIds, 512, Chunk.Form.EXPANDED, arena);
            FloatMatrix absorbed = decoder.runInChunks(tokenIds, 500, Chunk.Form.ABSORBED, arena);
            assertClose(expanded.toArray(), absorbed.toArray(), 2e-5);
        }
    }

    @Test
    void a_sequence_is_not_changed_by_others_in_its_step() {
        try (Arena arena = Arena.ofShared();
                TinyDecoder decoder = new TinyDecoder(2, 32)) {
            int[] one = decoder.randomTokens(45, 7);
            int[] other = decoder.randomTokens(70, 8);
            FloatMatrix alone = decoder.runInChunks(one, 512, Chunk.Form.EXPANDED, arena);
            FloatMatrix together = decoder.runTogether(other, one, arena);
            assertArrayEquals(alone.toArray(), together.rows(70, 45).toArray());
        }
    }

    private static void assertClose(float[] expected, float[] actual, double tolerance) {
        assertEquals(expected.length, actual.length);
        double largest = 0;
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            largest = Math.max(largest, Math.abs(expected[i]));
            worst = Math.max(worst, Math.abs(expected[i] - (double) actual[i]));
        }
        assertEquals(0, worst / largest, tolerance);
    }
}
