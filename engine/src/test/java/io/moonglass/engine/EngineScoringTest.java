package io.moonglass.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moonglass.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a request is told besides tokens.
class EngineScoringTest {

    private static final SamplingParameters GREEDY = SamplingParameters.GREEDY;
    private static final Scoring ALL = scoring(5, 3, true);
    private static final Scoring PROMPT = scoring(-1, 3, false);
    private static final EngineOptions EXACT = new EngineOptions(4096, 200, 512, 8, CacheType.F32);

    /// Copies of what the engine computes.
    private static final class Seen implements DecoderObserver {
        private final List<float[]> logits = new ArrayList<>();
        private final List<float[]> outputs = new ArrayList<>();

        @Override
        public void logits(FloatMatrix row) {
            logits.add(row.toArray());
        }

        @Override
        public void finalNorm(FloatMatrix hidden) {
            for (int i = 0; i < hidden.numRows(); i++) {
                outputs.add(hidden.rows(i, 1).toArray());
            }
        }
    }

    @Test
    void log_probabilities_of_an_answer_are_those_of_the_models_own_logits() {
        SamplingParameters sampling =
                GREEDY.withTemperature(1.5)
                        .withSeed(4)
                        .withTopK(30)
                        .withFrequencyPenalty(1)
                        .withLogitBias(Map.of(7, 30f));
        RecordingSink sink = new RecordingSink();
        Seen seen = new Seen();
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE, 1, seen)) {
            Branch branch = new Branch(sampling, CyclicMask.ofWords(), sink);
            tiny.engine()
                    .submit(
                            request(
                                    TinyEngine.randomPrompt(30, 1),
                                    40,
                                    scoring(20, -1, false),
                                    branch));
            sink.reason();
        }
        assertEquals(40, sink.logprobs().size());
        for (int i = 0; i < 40; i++) {
            SoftmaxReference.assertFound(
                    seen.logits.get(i), sink.tokenIds().get(i), 20, sink.logprobs().get(i));
        }
    }

    @Test
    void nothing_is_told_that_nobody_asked_for() {
        RecordingSink sink = new RecordingSink();
        try (TinyEngine tiny = new TinyEngine(TinyEngine.LARGE)) {
            tiny.submit(TinyEngine.randomPrompt(30, 1), 3, sink);
            sink.reason();
        }
        assertEquals(Arrays.asList(null, null, null), sink.logprobs());
        assertEquals(List.of(), sink.promptLogprobs());
        assertNull(sink.features());
    }

    @Test
    void log_probabilities_of_a_prompt_are_those_of_the_logits_before_each_token() {
        int[] prompt = TinyEngine.randomPrompt(100, 2);
        RecordingSink sink = scored(EXACT, prompt, PROMPT);

        assertEquals(99, sink.promptLogprobs().size());
        for (int position : new int[] {1, 2, 31, 32, 33, 64, 99}) { // as the first token's
            Seen seen = new Seen();
            try (TinyEngine tiny = new TinyEngine(EXACT, 1, seen)) {
                tiny.generate(Arrays.copyOf(prompt, position), 1);
            }
            SoftmaxReference.assertFound(
                    seen.logits.getFirst(),
                    prompt[position],
                    3,
                    sink.promptLogprobs().get(position - 1));
        }
    }

    @Test
    void an_answer_has_the_same_log_probabilities_when_it_is_a_prompt() {
        int[] prompt = TinyEngine.randomPrompt(40, 3);
        RecordingSink answer = new RecordingSink();
        try (TinyEngine tiny = new TinyEngine(EXACT)) {
            Branch branch = new Branch(GREEDY.withTemperature(1).withSeed(1), answer);
            tiny.engine().submit(request(prompt, 50, scoring(3, -1, false), branch));
            answer.reason();
        }
        int[] whole = Arrays.copyOf(prompt, 90);
        for (int i = 0; i < 50; i++) {
            whole[40 + i] = answer.tokenIds().get(i);
        }
        List<TokenLogprobs> again = scored(EXACT, whole, PROMPT).promptLogprobs();
        for (int i = 0;
                i < 50;
                i++) { // generated tokens attend in another form, which rounds otherwise
            TokenLogprobs expected = answer.logprobs().get(i);
            TokenLogprobs found = again.get(40 + i - 1);
            assertEquals(expected.logprob(), found.logprob(), 1e-4);
            assertArrayEquals(expected.topLogprobs(), found.topLogprobs(), 1e-4f);
        }
    }

    @ParameterizedTest
    @CsvSource({
        // cache blocks, step tokens, running, team
        "200, 1, 1, 1",
        "200, 7, 7, 1",
        "200, 33, 1, 2",
        "200, 512, 8, 2",
        "200, 64, 8, 1",
        "14, 64, 8, 1",
        "14, 16, 8, 2",
    })
    void the_same_bits_however_prompts_are_cut_and_whoever_gives_way(
            int numBlocks, int stepTokens, int maxRunning, int teamSize) {
        EngineOptions options =
                new EngineOptions(4096, numBlocks, stepTokens, maxRunning, CacheType.F32);

        assertEquals(transcripts(EXACT, 1), transcripts(options, teamSize));
        assertEquals(
                transcripts(EXACT, 1),
                transcripts(options.withStepTime(TinyEngine.HURRIED), teamSize));
    }

    /// Of five prompts at once, some with pictures, whose answers make some of them give way in a small cache.
    private static List<String> transcripts(EngineOptions options, int teamSize) {
        List<RecordingSink> sinks = new ArrayList<>();
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            sinks.add(new RecordingSink());
            requests.add(pictured(70 + 20 * i, i, sinks.getLast()));
        }
        try (TinyEngine tiny = new TinyEngine(options, teamSize, DecoderObserver.NONE)) {
            tiny.submitTogether(requests);
            sinks.forEach(sink -> assertEquals(FinishReason.LENGTH, sink.reason()));
            tiny.engine().close();
            assertEquals(options.numCacheBlocks(), tiny.engine().cache().numFree());
            if (!options.stepTime()
                    .equals(TinyEngine.HURRIED)) { // or it depends on how long steps take
                boolean isSmall = options.numCacheBlocks() < 200;
                assertEquals(isSmall, tiny.engine().statistics().preemptions() > 0);
            }
        }
        return sinks.stream().map(RecordingSink::transcript).toList();
    }

    /// With a picture in it if the seed is odd.
    private static GenerationRequest pictured(int numPromptTokens, int seed, TokenSink sink) {
        boolean hasPicture = seed % 2 == 1;
        int[] prompt = TinyEngine.randomPrompt(numPromptTokens, seed);
        if (hasPicture) {
            Arrays.fill(prompt, 25, 45, TinyEngine.IMAGE_TOKEN_ID);
        }
        return new GenerationRequest(
                prompt,
                TinyEngine.IMAGE_TOKEN_ID,
                hasPicture ? List.of(PromptImage.of(TinyEngine.randomRows(20, seed))) : List.of(),
                60,
                Set.of(),
                RequestScope.DEFAULT,
                ALL,
                List.of(new Branch(GREEDY.withTemperature(0.5).withSeed(seed), sink)));
    }

    @Test
    void a_prompt_that_gives_way_while_it_is_read_is_told_of_each_token_once()
            throws InterruptedException {
        int[] prompt = TinyEngine.randomPrompt(200, 6);
        String alone = scored(EXACT, prompt, ALL).transcript();
        RecordingSink older = new RecordingSink();
        RecordingSink newer = new RecordingSink();
        EngineOptions small = new EngineOptions(4096, 10, 4, 2, CacheType.F32);
        StepGate gate = new StepGate();
        try (TinyEngine tiny = new TinyEngine(small, 1, gate);
                gate) {
            tiny.submit(TinyEngine.randomPrompt(60, 5), 100, older);
            gate.awaitStep();
            tiny.engine()
                    .submit(request(prompt, 0, scoring(-1, 3, true), new Branch(GREEDY, newer)));
            gate.close();

            assertEquals(FinishReason.LENGTH, older.reason());
            assertEquals(FinishReason.LENGTH, newer.reason());
            assertTrue(tiny.engine().statistics().preemptions() > 0, "nobody gave way");
        }
        assertEquals(alone, newer.transcript());
    }

    @Test
    void a_scored_prompt_takes_nothing_from_the_cache_and_leaves_its_own_work_there() {
        int[] prompt = TinyEngine.randomPrompt(100, 2);
        for (Scoring scoring : List.of(PROMPT, scoring(-1, -1, true))) {
            try (TinyEngine tiny = new TinyEngine(EXACT)) {
                RecordingSink plain = new RecordingSink();
                RecordingSink scored = new RecordingSink();
                tiny.submit(prompt, 1, plain);
                plain.reason();
                tiny.engine().submit(request(prompt, 1, scoring, new Branch(GREEDY, scored)));
                scored.reason();

                assertEquals(0, scored.numCachedTokens());
                assertEquals(plain.tokenIds(), scored.tokenIds());
            }
            try (TinyEngine tiny = new TinyEngine(EXACT)) {
                RecordingSink scored = new RecordingSink();
                RecordingSink plain = new RecordingSink();
                tiny.engine().submit(request(prompt, 0, scoring, new Branch(GREEDY, scored)));
                scored.reason();
                tiny.submit(prompt, 1, plain);
                plain.reason();

                assertEquals(99, plain.numCachedTokens());
            }
        }
    }

    @Test
    void two_prompts_that_are_the_same_are_both_scored_at_once() {
        int[] prompt = TinyEngine.randomPrompt(150, 2);
        String alone = scored(EXACT, prompt, ALL).transcript();
        List<RecordingSink> sinks = new ArrayList<>();
        try (TinyEngine tiny = new TinyEngine(new EngineOptions(4096, 200, 64, 8, CacheType.F32))) {
            List<GenerationRequest> requests = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                sinks.add(new RecordingSink());
                requests.add(request(prompt, 0, ALL, new Branch(GREEDY, sinks.getLast())));
            }
            tiny.submitTogether(requests);
            sinks.forEach(sink -> assertEquals(FinishReason.LENGTH, sink.reason()));
        }
        sinks.forEach(sink -> assertEquals(alone, sink.transcript()));
    }

    @Test
    void a_pictures_rows_have_no_log_probability_and_the_token_after_them_has() {
        int[] prompt = TinyEngine.randomPrompt(60, 2);
        Arrays.fill(prompt, 0, 5, TinyEngine.IMAGE_TOKEN_ID);
        Arrays.fill(prompt, 20, 35, TinyEngine.IMAGE_TOKEN_ID);
        RecordingSink sink = new RecordingSink();
        try (TinyEngine tiny = new TinyEngine(EXACT)) {
            tiny.engine()
                    .submit(
                            new GenerationRequest(
                                    prompt,
                                    TinyEngine.IMAGE_TOKEN_ID,
                                    List.of(PromptImage.of(TinyEngine.randomRows(20, 1))),
                                    0,
                                    Set.of(),
                                    RequestScope.DEFAULT,
                                    ALL,
                                    List.of(new Branch(GREEDY, sink))));
            assertEquals(FinishReason.LENGTH, sink.reason());
        }
        assertEquals(59, sink.promptLogprobs().size());
        for (int position = 1; position < 60; position++) {
            boolean isImage = prompt[position] == TinyEngine.IMAGE_TOKEN_ID;
            assertEquals(isImage, sink.promptLogprobs().get(position - 1) == null);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 512})
    void features_are_the_mean_of_the_last_outputs(int stepTokens) {
        int[] prompt = TinyEngine.randomPrompt(100, 2);
        Seen seen = new Seen();
        RecordingSink sink = new RecordingSink();
        EngineOptions options = new EngineOptions(4096, 200, stepTokens, 1, CacheType.F32);
        try (TinyEngine tiny = new TinyEngine(options, 1, seen)) {
            Branch branch = new Branch(GREEDY, sink);
            tiny.engine().submit(request(prompt, 0, scoring(-1, -1, true), branch));
            sink.reason();
        }
        assertEquals(100, seen.outputs.size());
        double[] sums = new double[TinyEngine.HIDDEN_SIZE];
        for (float[] row : seen.outputs) {
            for (int i = 0; i < row.length; i++) {
                sums[i] += row[i];
            }
        }
        for (int i = 0; i < sums.length; i++) {
            assertEquals((float) (sums[i] / 100), sink.features()[i]);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 32, 33, 64})
    void a_request_for_no_tokens_ends_when_its_prompt_is_computed(int numPromptTokens) {
        int[] prompt = TinyEngine.randomPrompt(numPromptTokens, 2);
        for (Scoring scoring : List.of(Scoring.NONE, ALL)) {
            try (TinyEngine tiny = TinyEngine.guessing(new EngineOptions(64, 2, 16, 8))) {
                RecordingSink sink = new RecordingSink();
                tiny.engine().submit(request(prompt, 0, scoring, new Branch(GREEDY, sink)));

                assertEquals(FinishReason.LENGTH, sink.reason());
                assertEquals(0, sink.numCachedTokens());
                assertEquals(List.of(), sink.tokenIds());
                tiny.engine().close();
                assertEquals(1, sink.numEndings());
                assertEquals(2, tiny.engine().cache().numFree());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8})
    void of_several_branches_the_first_alone_is_told_of_the_prompt(int maxRunning) {
        int[] prompt = TinyEngine.randomPrompt(100, 2);
        for (int maxTokens : new int[] {0, 4}) {
            List<RecordingSink> sinks =
                    IntStream.range(0, 4).mapToObj(_ -> new RecordingSink()).toList();
            EngineOptions options = new EngineOptions(4096, 200, 64, maxRunning, CacheType.F32);
            try (TinyEngine tiny = new TinyEngine(options)) {
                Branch[] branches =
                        sinks.stream().map(sink -> new Branch(GREEDY, sink)).toArray(Branch[]::new);
                tiny.engine().submit(request(prompt, maxTokens, ALL, branches));
                sinks.forEach(sink -> assertEquals(FinishReason.LENGTH, sink.reason()));
            }
            assertEquals(99, sinks.getFirst().promptLogprobs().size());
            assertEquals(TinyEngine.HIDDEN_SIZE, sinks.getFirst().features().length);
            for (RecordingSink sink : sinks) {
                assertTrue(sink.numCachedTokens() >= 0, "its prompt was not computed");
                assertEquals(maxTokens, sink.tokenIds().size());
                assertTrue(sink.logprobs().stream().allMatch(found -> found.rank() == 1));
            }
            for (RecordingSink sink : sinks.subList(1, 4)) {
                assertEquals(List.of(), sink.promptLogprobs());
                assertNull(sink.features());
            }
        }
    }

    @Test
    void a_sink_that_throws_on_what_it_is_told_of_a_prompt_fails_alone() {
        IllegalArgumentException fault = new IllegalArgumentException("a sink's own");
        RecordingSink failing =
                new RecordingSink() {
                    @Override
                    public void promptScored(int position, TokenLogprobs found) {
                        if (position == 40) {
                            throw fault;
                        }
                    }
                };
        RecordingSink follower = new RecordingSink();
        RecordingSink other = new RecordingSink();
        try (TinyEngine tiny = new TinyEngine(new EngineOptions(4096, 200, 512, 8))) {
            int[] prompt = TinyEngine.randomPrompt(100, 2);
            tiny.engine()
                    .submit(
                            request(
                                    prompt,
                                    5,
                                    ALL,
                                    new Branch(GREEDY, failing),
                                    new Branch(GREEDY, follower)));
            tiny.engine().submit(request(prompt, 5, ALL, new Branch(GREEDY, other)));

            assertEquals(fault, failing.fault());
            assertEquals(FinishReason.LENGTH, follower.reason());
            assertEquals(FinishReason.LENGTH, other.reason());
            assertEquals(99, other.promptLogprobs().size());
            tiny.engine().close();
            assertEquals(200, tiny.engine().cache().numFree());
        }
        assertEquals(1, failing.numEndings());
        assertEquals(-1, failing.numCachedTokens(), "it was told more after its end");
    }

    @Test
    void a_prompt_whose_logits_are_no_numbers_fails_alone() throws InterruptedException {
        AtomicBoolean damages = new AtomicBoolean();
        StepGate gate = new StepGate();
        DecoderObserver damaging =
                new DecoderObserver() {
                    @Override
                    public void hidden(int index, FloatMatrix hidden) {
                        gate.hidden(index, hidden);
                    }

                    @Override
                    public void finalNorm(FloatMatrix hidden) {
                        if (damages.getAndSet(false)) {
                            assertEquals(60, hidden.numRows());
                            hidden.rows(0, 1).data().fill((byte) -1); // no numbers
                        }
                    }
                };
        RecordingSink bad = new RecordingSink();
        RecordingSink good = new RecordingSink();
        try (TinyEngine tiny = new TinyEngine(EXACT, 1, damaging);
                gate) {
            tiny.submit(TinyEngine.randomPrompt(5, 1), 1, new RecordingSink());
            gate.awaitStep();
            tiny.engine()
                    .submit(
                            request(
                                    TinyEngine.randomPrompt(20, 2), // the shorter one comes first
                                    1,
                                    PROMPT,
                                    new Branch(GREEDY, bad)));
            tiny.engine()
                    .submit(
                            request(
                                    TinyEngine.randomPrompt(40, 3),
                                    1,
                                    PROMPT,
                                    new Branch(GREEDY, good)));
            gate.letOneStepGo();
            gate.awaitStep();
            damages.set(true);
            gate.close();

            assertInstanceOf(IllegalStateException.class, bad.fault());
            assertEquals(FinishReason.LENGTH, good.reason());
            assertEquals(39, good.promptLogprobs().size());
        }
    }

    @Test
    void a_prompt_that_is_read_in_a_pass_can_be_cancelled_and_others_go_on() {
        try (TinyEngine tiny =
                new TinyEngine(
                        new EngineOptions(4096, 200, 512, 8).withStepTime(TinyEngine.HURRIED))) {
            RecordingSink talking = new RecordingSink();
            RecordingSink read = new RecordingSink();
            Engine.Ticket ticket =
                    tiny.engine()
                            .submit(
                                    request(
                                            TinyEngine.randomPrompt(4000, 2),
                                            0,
                                            ALL,
                                            new Branch(GREEDY, read)));
            tiny.submit(TinyEngine.randomPrompt(20, 1), 30, talking);
            assertEquals(FinishReason.LENGTH, talking.reason());
            ticket.cancel();
            read.reason();
            tiny.engine().close();
            assertEquals(1, read.numEndings());
            assertEquals(200, tiny.engine().cache().numFree());
        }
    }

    private static RecordingSink scored(EngineOptions options, int[] prompt, Scoring scoring) {
        RecordingSink sink = new RecordingSink();
        try (TinyEngine tiny = new TinyEngine(options)) {
            tiny.engine().submit(request(prompt, 0, scoring, new Branch(GREEDY, sink)));
            assertEquals(FinishReason.LENGTH, sink.reason());
        }
        return sink;
    }

    /// @param numTop of the answer, and of the prompt; -1 for none
    private static Scoring scoring(int numTop, int numTopOfPrompt, boolean features) {
        return new Scoring(optional(numTop), optional(numTopOfPrompt), features);
    }

    private static OptionalInt optional(int value) {
        return value < 0 ? OptionalInt.empty() : OptionalInt.of(value);
    }

    private static GenerationRequest request(
            int[] prompt, int maxTokens, Scoring scoring, Branch... branches) {
        return new GenerationRequest(
                prompt,
                TinyEngine.IMAGE_TOKEN_ID,
                List.of(),
                maxTokens,
                Set.of(),
                RequestScope.DEFAULT,
                scoring,
                List.of(branches));
    }
}
