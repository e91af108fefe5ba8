package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Small caches, small steps and pictures.
class EngineCacheTest {

    @Test
    void sequences_that_gave_way_have_the_same_tokens_and_bits_as_in_a_large_cache() {
        List<List<Integer>> large = new ArrayList<>();
        StepGate largeGate = new StepGate();
        run(TinyEngine.LARGE, largeGate, large);
        List<List<Integer>> small = new ArrayList<>();
        StepGate smallGate = new StepGate();
        run(new EngineOptions(4096, 5, 24, 6), smallGate, small);

        assertEquals(large, small);
        assertTrue(
                smallGate.numComputed() > largeGate.numComputed(),
                "nobody gave way: the test shows nothing");
    }

    @Test
    void who_gives_way_is_told_so_and_told_again_when_it_goes_on() throws Exception {
        StepGate gate = new StepGate();
        List<TurnSink> sinks = new ArrayList<>();
        try (TinyEngine tiny = new TinyEngine(new EngineOptions(4096, 5, 24, 6), 2, gate);
                gate) {
            for (int i = 0; i < 6; i++) {
                sinks.add(new TurnSink());
                tiny.engine()
                        .submit(
                                TinyEngine.request(
                                        TinyEngine.randomPrompt(12, i),
                                        40,
                                        Set.of(),
                                        sinks.getLast()));
            }
            gate.awaitStep();
            gate.close();
            sinks.forEach(sink -> assertEquals(FinishReason.LENGTH, sink.reason()));

            assertTrue(
                    sinks.stream().anyMatch(sink -> sink.numPreempted > 0),
                    "nobody gave way: the test shows nothing");
            for (TurnSink sink : sinks) {
                assertEquals(1 + sink.numPreempted, sink.numBegun);
            }
        }
    }

    /// Counts its turns, and fails where they are told out of order.
    private static final class TurnSink extends RecordingSink {
        private int numBegun;
        private int numPreempted;

        @Override
        public void begun() {
            assertEquals(numPreempted, numBegun++);
        }

        @Override
        public void preempted() {
            assertEquals(numBegun, ++numPreempted);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 512})
    void a_recorded_prompt_with_pictures_goes_on_as_recorded_however_it_is_cut(int maxStepTokens) {
        try (TinyEngine tiny =
                new TinyEngine(new EngineOptions(4096, 64, maxStepTokens, 1, CacheType.F32))) {
            RecordingSink sink = new RecordingSink();
            tiny.engine()
                    .submit(
                            withImages(
                                    TinyEngine.goldenIds("two_images", "input_ids"),
                                    TinyEngine.goldenImageRows("two_images"),
                                    16,
                                    sink));

            assertEquals(FinishReason.LENGTH, sink.reason());
            assertArrayEquals(
                    TinyEngine.goldenIds("two_images", "new_ids"),
                    sink.tokenIds().stream().mapToInt(Integer::intValue).toArray());
        }
    }

    @Test
    void image_rows_stand_where_the_image_tokens_are_in_their_order() {
        int[] prompt = pictureInTheMiddle();
        FloatMatrix rows = TinyEngine.randomRows(20, 4);
        StepGate gate = new StepGate();
        gate.close();
        try (TinyEngine tiny = new TinyEngine(new EngineOptions(4096, 8, 7, 1), 1, gate)) {
            RecordingSink sink = new RecordingSink();
            tiny.engine().submit(withImages(prompt, rows, 1, sink));
            sink.reason();
        }
        int imageRow = 0;
        for (int position = 0; position < prompt.length; position++) {
            if (prompt[position] == TinyEngine.IMAGE_TOKEN_ID) {
                assertArrayEquals(
                        rows.rows(imageRow++, 1).toArray(), gate.embeddings().get(position));
            }
        }
        assertEquals(20, imageRow);
        assertEquals(prompt.length, gate.numComputed());
    }

    /// Six generations with a picture each, drawn at random with penalties, all at once.
    private static void run(EngineOptions options, StepGate gate, List<List<Integer>> answers) {
        try (TinyEngine tiny = new TinyEngine(options, 2, gate)) {
            List<RecordingSink> sinks = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                List<Integer> bits = new ArrayList<>();
                answers.add(bits);
                sinks.add(new RecordingSink(_ -> bits.add(Arrays.hashCode(gate.lastLogits()))));
                SamplingParameters sampling =
                        SamplingParameters.GREEDY
                                .withTemperature(0.8)
                                .withFrequencyPenalty(0.1)
                                .withRepetitionPenalty(1.1)
                                .withSeed(i);
                tiny.engine()
                        .submit(
                                new GenerationRequest(
                                        pictureInTheMiddle(),
                                        TinyEngine.IMAGE_TOKEN_ID,
                                        Optional.of(TinyEngine.randomRows(20, i)),
                                        sampling,
                                        60 - 5 * i,
                                        Set.of(),
                                        sinks.getLast()));
            }
            gate.close();
            for (int i = 0; i < 6; i++) {
                assertEquals(FinishReason.LENGTH, sinks.get(i).reason());
                assertEquals(60 - 5 * i, sinks.get(i).tokenIds().size());
                answers.add(sinks.get(i).tokenIds());
            }
            tiny.engine().close();
            assertEquals(options.numCacheBlocks(), tiny.engine().cache().numFree());
        }
    }

    private static int[] pictureInTheMiddle() {
        int[] prompt = TinyEngine.randomPrompt(40, 9);
        Arrays.fill(prompt, 5, 15, TinyEngine.IMAGE_TOKEN_ID);
        Arrays.fill(prompt, 20, 30, TinyEngine.IMAGE_TOKEN_ID);
        return prompt;
    }

    private static GenerationRequest withImages(
            int[] prompt, FloatMatrix rows, int maxTokens, TokenSink sink) {
        return new GenerationRequest(
                prompt,
                TinyEngine.IMAGE_TOKEN_ID,
                Optional.of(rows),
                SamplingParameters.GREEDY,
                maxTokens,
                Set.of(),
                sink);
    }
}
